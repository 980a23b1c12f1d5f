// Command gitsync stands in for git-sync v4 in its one-time mode: the same flags, the same variables in
// their place, and the same files below the root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

type settings struct {
	repo, ref, root, link      string
	username, passwordFile     string
	sshKeyFile, knownHostsFile string
	knownHosts, oneTime        bool
	addUser                    bool
	depth, maxFailures         int
	period, syncTimeout        time.Duration

	ctx context.Context // of the sync that is going on
}

func main() {
	s, err := parse(os.Args[1:])
	if err == nil {
		err = s.syncUntilDone()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func parse(args []string) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("git-sync", flag.ContinueOnError)
	flags.StringVar(&s.repo, "repo", "", "the repository (required)")
	flags.StringVar(&s.ref, "ref", "HEAD", "a branch, a tag or a hash")
	flags.StringVar(&s.root, "root", "", "the folder for everything (required)")
	flags.StringVar(&s.link, "link", "", "the link to the files, relative to the root")
	flags.BoolVar(&s.oneTime, "one-time", false, "end after the first sync (required: this is a stand-in)")
	flags.IntVar(&s.depth, "depth", 1, "how many commits, 0 for all")
	flags.DurationVar(&s.period, "period", 10*time.Second, "the time between attempts")
	flags.DurationVar(&s.syncTimeout, "sync-timeout", 2*time.Minute, "the time for one sync")
	flags.IntVar(&s.maxFailures, "max-failures", 0, "failures in a row before giving up, -1 for no limit")
	flags.StringVar(&s.username, "username", "", "for the repository")
	flags.StringVar(&s.passwordFile, "password-file", "", "for the repository")
	flags.StringVar(&s.sshKeyFile, "ssh-key-file", "/etc/git-secret/ssh", "for the repository")
	flags.BoolVar(&s.knownHosts, "ssh-known-hosts", true, "check the host's key")
	flags.StringVar(&s.knownHostsFile, "ssh-known-hosts-file", "/etc/git-secret/known_hosts", "the hosts' keys")
	flags.BoolVar(&s.addUser, "add-user", false, "add this user to /etc/passwd")
	if err := fromEnvironment(flags); err != nil {
		return nil, err
	}
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	return s, s.complete(flags.Args())
}

// fromEnvironment sets --some-flag from GITSYNC_SOME_FLAG.
func fromEnvironment(flags *flag.FlagSet) error {
	var errs []error
	flags.VisitAll(func(f *flag.Flag) {
		name := "GITSYNC_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if value, ok := os.LookupEnv(name); ok {
			if err := flags.Set(f.Name, value); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
		}
	})
	return errors.Join(errs...)
}

func (s *settings) complete(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case s.repo == "":
		return errors.New("--repo must be specified")
	case s.root == "":
		return errors.New("--root must be specified")
	case !s.oneTime:
		return errors.New("this stand-in knows --one-time only")
	}
	if s.link == "" {
		s.link = strings.TrimSuffix(filepath.Base(s.repo), ".git")
	}
	if !filepath.IsAbs(s.link) {
		s.link = filepath.Join(s.root, s.link)
	}
	return nil
}

func (s *settings) syncUntilDone() error {
	if s.addUser {
		if err := addUser(); err != nil {
			return err
		}
	}
	for failures := 0; ; failures++ {
		err := s.sync()
		if err == nil || s.maxFailures >= 0 && failures >= s.maxFailures {
			return err
		}
		fmt.Fprintln(os.Stderr, "trying again:", err)
		time.Sleep(s.period)
	}
}

// sync makes root a repository, the wanted commit a worktree in it, and the link point there.
func (s *settings) sync() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.syncTimeout)
	defer cancel()
	s.ctx = ctx
	err := s.syncOnce()
	if ctx.Err() != nil {
		return fmt.Errorf("the sync of %s took longer than %s", s.repo, s.syncTimeout)
	}
	return err
}

func (s *settings) syncOnce() error {
	if err := os.MkdirAll(s.root, 0o755); err != nil {
		return err
	}
	if _, err := s.git("init", "--quiet", "-b", "git-sync"); err != nil {
		return err
	}
	fetch := []string{"fetch", "--no-progress", "--prune", "--no-auto-gc"}
	if s.depth > 0 {
		fetch = append(fetch, fmt.Sprintf("--depth=%d", s.depth))
	}
	if _, err := s.git(append(fetch, "--", s.repo, s.ref)...); err != nil {
		return err
	}
	hash, err := s.git("rev-parse", "FETCH_HEAD^{commit}")
	if err != nil {
		return err
	}
	worktree := filepath.Join(s.root, ".worktrees", hash)
	if _, err := os.Stat(worktree); err != nil {
		if _, err := s.git("worktree", "add", "--force", "--detach", worktree, hash); err != nil {
			return err
		}
	}
	return s.point(worktree)
}

func (s *settings) point(worktree string) error {
	dir := filepath.Dir(s.link)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	target, err := filepath.Rel(dir, worktree)
	if err != nil {
		return err
	}
	fresh := filepath.Join(dir, "tmp-link")
	_ = os.Remove(fresh) // of an attempt that was interrupted
	if err := os.Symlink(target, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, s.link)
}

func (s *settings) git(args ...string) (string, error) {
	cmd := exec.CommandContext(s.ctx, "git", append([]string{"-C", s.root, "-c", "safe.directory=*", "-c", "credential.helper=" + s.helper()}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_SSH_COMMAND="+s.ssh(),
		"STAND_IN_USERNAME="+s.username, "STAND_IN_PASSWORD_FILE="+s.passwordFile)
	cmd.WaitDelay = time.Second // what git started holds its output
	out, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, text)
	}
	return text, nil
}

// helper keeps the password off every command line.
func (s *settings) helper() string {
	if s.passwordFile == "" {
		return ""
	}
	return `!f() { echo "username=$STAND_IN_USERNAME"; echo "password=$(cat "$STAND_IN_PASSWORD_FILE")"; }; f`
}

func (s *settings) ssh() string {
	ssh := "ssh -i " + s.sshKeyFile
	if !s.knownHosts {
		return ssh + " -o StrictHostKeyChecking=no"
	}
	return ssh + " -o StrictHostKeyChecking=yes -o UserKnownHostsFile=" + s.knownHostsFile
}

// addUser lets ssh work as a user whom /etc/passwd does not know.
func addUser() error {
	file, err := os.OpenFile("/etc/passwd", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(file, "git-sync:x:%d:%d::%s:/sbin/nologin\n", os.Getuid(), os.Getgid(), os.Getenv("HOME")); err != nil {
		return errors.Join(err, file.Close())
	}
	return file.Close()
}
