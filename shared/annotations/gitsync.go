package annotations

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/runai-mpi/runai-mpi/shared/paths"
)

// GitSync is the repository that is cloned before the job starts.
type GitSync struct {
	// Source is the repository's URL: http, https, ssh, git or the scp form user@host:path.
	Source string
	// Branch and Rev choose what is checked out. Rev wins. Default: the remote's HEAD.
	Branch, Rev string
	// Target is the absolute path of the directory with the contents. Default: the cluster policy's.
	Target string
}

var (
	scpForm        = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^:]`)
	abbreviatedSHA = regexp.MustCompile(`^[0-9a-f]{7,39}$`)
	refName        = regexp.MustCompile(`^[A-Za-z0-9_.][^\s~^:?*\[\\\x00-\x1f]*$`)
)

// UsesSSH reports whether the transport is ssh, which takes a key. http takes a username and a password.
func (g GitSync) UsesSSH() bool {
	return strings.HasPrefix(g.Source, "ssh://") || scpForm.MatchString(g.Source)
}

// String writes the annotation's value and quotes options where necessary.
func (g GitSync) String() string {
	var parts []string
	for _, part := range []Option{{"source", g.Source}, {"branch", g.Branch}, {"rev", g.Rev}, {"target", g.Target}} {
		if part.Value != "" {
			parts = append(parts, part.String())
		}
	}
	return strings.Join(parts, ",")
}

// UnmarshalText reads what String writes. A credential is an error, because annotations are stored in
// clear text. No error repeats one.
func (g *GitSync) UnmarshalText(text []byte) error {
	options, err := SplitOptions(string(text))
	if err != nil {
		return err
	}
	var read GitSync
	fields := map[string]*string{"source": &read.Source, "branch": &read.Branch, "rev": &read.Rev, "target": &read.Target}
	seen := map[string]bool{}
	for _, option := range options {
		target, known := fields[option.Name]
		switch {
		case option.Name == "username" || option.Name == "password":
			return fmt.Errorf("must not have %s=: it would be stored in clear text; put it in a Secret and set %s", option.Name, GitSyncSecretKey)
		case !known:
			return fmt.Errorf("unknown key %q: must be source, branch, rev or target", option.Name)
		case seen[option.Name]:
			return fmt.Errorf("must have %s= only once", option.Name)
		}
		seen[option.Name] = true
		*target = option.Value
	}
	if err := read.Validate(); err != nil {
		return err
	}
	*g = read
	return nil
}

// Validate returns an error for what git or git-sync would misread, and for a credential.
func (g GitSync) Validate() error {
	if err := validSource(g.Source); err != nil {
		return err
	}
	for _, ref := range []Option{{"branch", g.Branch}, {"rev", g.Rev}} {
		if ref.Value != "" && (!refName.MatchString(ref.Value) || strings.Contains(ref.Value, "..")) {
			return fmt.Errorf("%s is not a valid git ref: use a branch, a tag or a full SHA", ref)
		}
	}
	if abbreviatedSHA.MatchString(g.Rev) && strings.ContainsAny(g.Rev, "abcdef") {
		return fmt.Errorf("rev=%s is an abbreviated SHA, which git cannot fetch: use all 40 digits", g.Rev)
	}
	if g.Target != "" && (!path.IsAbs(g.Target) || path.Clean(g.Target) != g.Target || g.Target == "/" || strings.Contains(g.Target, ":")) {
		return fmt.Errorf("target=%s must be a clean absolute path other than /, for example /code", g.Target)
	}
	// rule T41 in test/forgery TestT41Contradictions: code over what the container needs
	if g.Target != "" && paths.NeededBySystem(g.Target) {
		return fmt.Errorf("target=%s would hide files that the container needs: use another directory, for example /code", g.Target)
	}
	return nil
}

func validSource(source string) error {
	if source == "" {
		return errors.New("must have a source, for example source=https://git.example.com/team/code")
	}
	if scpForm.MatchString(source) {
		return nil
	}
	parsed, err := url.Parse(source)
	if err != nil || parsed.Host == "" || parsed.Scheme == "" || strings.HasPrefix(parsed.Hostname(), "-") {
		return errors.New("source must be a repository URL: https://host/path, ssh://user@host/path or user@host:path")
	}
	_, password := parsed.User.Password()
	switch parsed.Scheme {
	case "http", "https":
		if parsed.User != nil {
			return fmt.Errorf("must not have a credential in the source's URL: "+
				"it would be stored in clear text; put it in a Secret and set %s", GitSyncSecretKey)
		}
	case "ssh", "git":
		if password {
			return fmt.Errorf("must not have a password in the source's URL: "+
				"it would be stored in clear text; put a key in a Secret and set %s", GitSyncSecretKey)
		}
		if strings.HasPrefix(parsed.User.Username(), "-") {
			return errors.New("source must not have a user name that begins with -")
		}
	default:
		return fmt.Errorf("source has the unsupported scheme %q: must be https, http, ssh or git", parsed.Scheme)
	}
	return nil
}
