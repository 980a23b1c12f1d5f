// Command gitsync stands in for git-sync v4.7 in its one-time mode. It takes the same flags and variables, starts
// git in the same way, leaves the same files below the root and logs the same lines. Like git-sync, it waits for
// the output of git and of everything that git has started, also after --sync-timeout.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type settings struct {
	repo, ref, root, link, errorFile string
	username, passwordFile           string
	sshKeyFile, knownHostsFile       string
	submodules                       string
	knownHosts, oneTime, addUser     bool
	depth, maxFailures               int
	period, syncTimeout              time.Duration
}

func main() {
	if os.Getpid() == 1 {
		fmt.Fprintln(os.Stderr, "INFO: detected pid 1, running init handler")
		os.Exit(runAsChild())
	}
	s, err := parse(os.Args[1:])
	if err != nil { // before it logs, git-sync prints plain text and its usage
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := s.prepare(); err != nil {
		s.fail(err, "cannot start")
	}
	s.syncUntilDone()
}

// runAsChild runs this program again and passes on all signals, as the first process of a container must.
func runAsChild() int {
	child := exec.Command("/proc/self/exe", os.Args[1:]...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	signals := make(chan os.Signal, 8)
	signal.Notify(signals)
	if err := child.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "FATAL:", err)
		return 127
	}
	go func() {
		for received := range signals {
			if received != syscall.SIGCHLD && received != syscall.SIGURG {
				_ = child.Process.Signal(received)
			}
		}
	}()
	if err := child.Wait(); err != nil {
		return max(1, child.ProcessState.ExitCode())
	}
	return 0
}

func parse(args []string) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("git-sync", flag.ContinueOnError)
	flags.StringVar(&s.repo, "repo", "", "the repository (required)")
	flags.StringVar(&s.ref, "ref", "HEAD", "a branch, a tag or a hash")
	flags.StringVar(&s.root, "root", "", "the folder for everything (required)")
	flags.StringVar(&s.link, "link", "", "the link to the files, relative to the root")
	flags.StringVar(&s.errorFile, "error-file", "", "the file with the last error, relative to the root")
	flags.StringVar(&s.submodules, "submodules", "recursive", "recursive, shallow or off")
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
		return errors.New("required flag: --repo must be specified")
	case s.root == "":
		return errors.New("required flag: --root must be specified")
	case !s.oneTime:
		return errors.New("this stand-in knows --one-time only")
	case s.username != "" && s.passwordFile == "":
		return errors.New("required flag: --password-file must be specified when --username is specified")
	case s.username == "" && s.passwordFile != "":
		return errors.New("invalid flag: --password-file may only be specified when --username is specified")
	}
	if s.link == "" {
		s.link = filepath.Base(s.repo)
	}
	for _, path := range []*string{&s.link, &s.errorFile} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(s.root, *path)
		}
	}
	return nil
}

// log writes a line as git-sync's logger does. Keys and values follow the message.
func log(message string, pairs ...any) {
	line := fmt.Sprintf(`{"logger":"","ts":%q,"caller":{"file":"main.go","line":1}`, time.Now().Format("2006-01-02 15:04:05.000000"))
	for i, value := range append([]any{"msg", message}, pairs...) {
		text, _ := json.Marshal(value) // texts and numbers
		if i%2 == 0 {
			line += ","
		} else {
			line += ":"
		}
		line += string(text)
	}
	fmt.Fprintln(os.Stderr, line+"}")
}

// logError also writes the error file.
func (s *settings) logError(err error, message string, pairs ...any) {
	log(message, append([]any{"error", err.Error()}, pairs...)...)
	if s.errorFile == "" {
		return
	}
	text, _ := json.Marshal(map[string]any{"Msg": message, "Err": err.Error(), "Args": map[string]any{}}) // texts
	_ = os.WriteFile(s.errorFile, text, 0o644)                                                            // as git-sync, which logs it
}

func (s *settings) fail(err error, message string, pairs ...any) {
	s.logError(err, message, pairs...)
	os.Exit(1)
}

// prepare configures git by a file of its own, and ssh.
func (s *settings) prepare() error {
	log("starting up", "level", 0, "pid", os.Getpid(), "uid", os.Getuid(), "home", os.Getenv("HOME"))
	if err := os.MkdirAll(s.root, 0o755); err != nil {
		return err
	}
	if s.addUser {
		if err := addUser(); err != nil {
			return err
		}
	}
	config, err := os.CreateTemp("", "git-sync.gitconfig.*")
	if err != nil {
		return err
	}
	variables := map[string]string{"GIT_CONFIG_GLOBAL": config.Name(), "GIT_CONFIG_NOSYSTEM": "true", "GIT_SSH_COMMAND": s.ssh()}
	for name, value := range variables {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for _, pair := range [][2]string{
		{"gc.autoDetach", "false"}, {"gc.pruneExpire", "now"}, {"credential.helper", "cache --timeout 3600"},
		{"core.askPass", "true"}, {"safe.directory", "*"}, // askPass: true answers every question with nothing
	} {
		if _, err := run(ctx, "", "", "config", "--global", pair[0], pair[1]); err != nil {
			return err
		}
	}
	return nil
}

func (s *settings) ssh() string {
	ssh := os.Getenv("GIT_SSH_COMMAND")
	if ssh == "" {
		ssh = "ssh"
	}
	ssh += " -i " + s.sshKeyFile
	if !s.knownHosts {
		return ssh + " -o StrictHostKeyChecking=no"
	}
	return ssh + " -o StrictHostKeyChecking=yes -o UserKnownHostsFile=" + s.knownHostsFile
}

// addUser lets ssh work as a user whom /etc/passwd does not know.
func addUser() error {
	if _, err := user.LookupId(strconv.Itoa(os.Getuid())); err == nil {
		return nil
	}
	file, err := os.OpenFile("/etc/passwd", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(file, "git-sync:x:%d:%d::%s:/sbin/nologin\n", os.Getuid(), os.Getgid(), os.Getenv("HOME")); err != nil {
		return errors.Join(err, file.Close())
	}
	return file.Close()
}

func (s *settings) syncUntilDone() {
	for failures := 1; ; failures++ {
		ctx, cancel := context.WithTimeout(context.Background(), s.syncTimeout)
		err := s.sync(ctx)
		cancel()
		switch {
		case err == nil:
			if s.errorFile != "" {
				_ = os.Remove(s.errorFile) // mostly there is none
			}
			log("exiting after one sync", "level", 0, "status", 0)
			return
		case s.maxFailures >= 0 && failures >= s.maxFailures:
			s.fail(err, "too many failures, aborting", "failCount", failures)
		}
		s.logError(err, "error syncing repo, will retry", "failCount", failures)
		time.Sleep(s.period)
	}
}

// sync makes root a repository, the wanted commit a worktree in it, and the link point there.
func (s *settings) sync(ctx context.Context) error {
	if err := s.storeCredentials(ctx); err != nil {
		return err
	}
	fetch := []string{"fetch", s.repo, s.ref, "--verbose", "--no-progress", "--prune", "--no-auto-gc"}
	update := []string{"submodule", "update", "--init"}
	if s.submodules == "recursive" {
		update = append(update, "--recursive")
	}
	if s.depth > 0 {
		depth := strconv.Itoa(s.depth)
		fetch, update = append(fetch, "--depth", depth), append(update, "--depth", depth)
	}
	for _, args := range [][]string{{"init", "-b", "git-sync"}, fetch} {
		if _, err := run(ctx, s.root, "", args...); err != nil {
			return err
		}
	}
	hash, err := run(ctx, s.root, "", "rev-parse", "FETCH_HEAD^{}")
	if err != nil {
		return err
	}
	worktree := filepath.Join(s.root, ".worktrees", hash)
	if err := os.RemoveAll(worktree); err != nil {
		return err
	}
	if _, err := run(ctx, s.root, "", "worktree", "add", "--force", "--detach", worktree, hash, "--no-checkout"); err != nil {
		return err
	}
	if _, err := run(ctx, worktree, "", "reset", "--hard", hash, "--"); err != nil {
		return err
	}
	if s.submodules != "off" {
		if _, err := run(ctx, worktree, "", update...); err != nil {
			return err
		}
	}
	return s.point(worktree)
}

// storeCredentials gives the password to git's own cache, by standard input.
func (s *settings) storeCredentials(ctx context.Context) error {
	if s.username == "" {
		return nil
	}
	password, err := os.ReadFile(s.passwordFile)
	if err != nil {
		return err
	}
	_, err = run(ctx, "", fmt.Sprintf("url=%s\nusername=%s\npassword=%s\n", s.repo, s.username, password), "credential", "approve")
	return err
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
	if err := os.Symlink(target, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, s.link)
}

// run runs git. If the time is over it ends git, and then waits until nobody has git's output open any more.
func run(ctx context.Context, dir, stdin string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = ctx.Err()
	}
	if err != nil {
		return "", fmt.Errorf("Run(git %s): %w: { stdout: %q, stderr: %q }",
			strings.Join(args, " "), err, strings.TrimSpace(stdout.String()), strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(stdout.String()), nil
}
