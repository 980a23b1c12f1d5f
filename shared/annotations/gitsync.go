package annotations

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// GitSync is the repository that is cloned before the job starts.
type GitSync struct {
	// Source is the repository's URL: http, https, ssh, git or the scp form user@host:path.
	Source string
	// Branch and Rev choose what is checked out: Rev wins, and where both are "", the remote's HEAD.
	Branch, Rev string
	// Target is the absolute directory that shows the contents, "" for the policy's default.
	Target string
}

var (
	scpForm        = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^:]`)
	abbreviatedSHA = regexp.MustCompile(`^[0-9a-f]{7,39}$`)
	refName        = regexp.MustCompile(`^[A-Za-z0-9_.][^\s~^:?*\[\\\x00-\x1f]*$`)
)

// UsesSSH tells whether the transport is ssh, which takes a key; http takes a username and a password.
func (g GitSync) UsesSSH() bool {
	return strings.HasPrefix(g.Source, "ssh://") || scpForm.MatchString(g.Source)
}

// String writes the annotation's value, quoting what needs it.
func (g GitSync) String() string {
	var parts []string
	for _, part := range []Option{{"source", g.Source}, {"branch", g.Branch}, {"rev", g.Rev}, {"target", g.Target}} {
		if part.Value != "" {
			parts = append(parts, part.String())
		}
	}
	return strings.Join(parts, ",")
}

// UnmarshalText reads what String writes. A credential is an error: an annotation is stored in clear.
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
			return fmt.Errorf("has %s=, which would be stored in clear: put it into a Secret and name that in %s", option.Name, GitSyncSecretKey)
		case !known:
			return fmt.Errorf("has %s=, which is not one of source, branch, rev, target", option.Name)
		case seen[option.Name]:
			return fmt.Errorf("has %s= twice: write it once", option.Name)
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

// Validate refuses what git or git-sync would misread, or what would store a credential.
func (g GitSync) Validate() error {
	if err := validSource(g.Source); err != nil {
		return err
	}
	for _, ref := range []Option{{"branch", g.Branch}, {"rev", g.Rev}} {
		if ref.Value != "" && (!refName.MatchString(ref.Value) || strings.Contains(ref.Value, "..")) {
			return fmt.Errorf("has %s, which git does not accept as a name: write a branch, a tag or a full SHA", ref)
		}
	}
	if abbreviatedSHA.MatchString(g.Rev) && strings.ContainsAny(g.Rev, "abcdef") {
		return fmt.Errorf("has rev=%s, an abbreviated SHA, which a remote cannot look up: write all 40 digits", g.Rev)
	}
	if g.Target != "" && (!path.IsAbs(g.Target) || path.Clean(g.Target) != g.Target || g.Target == "/" || strings.Contains(g.Target, ":")) {
		return fmt.Errorf("has target=%s: write an absolute, clean path below / such as /code", g.Target)
	}
	return nil
}

func validSource(source string) error {
	if source == "" {
		return errors.New("has no source: write source=https://host/path, the only part that is required")
	}
	if scpForm.MatchString(source) {
		return nil
	}
	parsed, err := url.Parse(source)
	if err != nil || parsed.Host == "" || strings.HasPrefix(parsed.Hostname(), "-") {
		return errors.New("has a source that is no repository URL: write https://host/path, ssh://user@host/path or user@host:path")
	}
	_, password := parsed.User.Password()
	switch parsed.Scheme {
	case "http", "https":
		if parsed.User != nil {
			return fmt.Errorf("has a credential in the source's URL, which would be stored in clear: "+
				"put it into a Secret and name that in %s", GitSyncSecretKey)
		}
	case "ssh", "git":
		if password || strings.HasPrefix(parsed.User.Username(), "-") {
			return fmt.Errorf("has a password in the source's URL, which would be stored in clear: "+
				"put a key into a Secret and name that in %s", GitSyncSecretKey)
		}
	default:
		return fmt.Errorf("has a source of the kind %q: write https, http, ssh or git", parsed.Scheme)
	}
	return nil
}
