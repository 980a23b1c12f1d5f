// Command prove checks, for "make prove", that the test of each rule fails without it. It removes one rule at a
// time from a copy of the repository.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/rules"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	only := flag.String("only", "", "prove only the rules whose \"NUMBER PACKAGE TEST\" matches this regular expression")
	flag.Parse()
	if err := run(ctx, *only); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	root, err := binaries.RepositoryRoot()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "runai-mpi-prove-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, os.DirFS(root)); err != nil {
		return fmt.Errorf("cannot copy the repository: %w", err)
	}
	all, err := rules.Find(root)
	if err != nil {
		return err
	}
	var errs []error
	for _, rule := range all {
		if !wanted.MatchString(rule.Number + " " + rule.Package + " " + rule.Test) {
			continue
		}
		start := time.Now()
		err := prove(ctx, dir, rule)
		errs = append(errs, err)
		result := "fails without it"
		if err != nil {
			result = err.Error()
		}
		fmt.Printf("%-3s %s: %s %s (%s)\n", rule.Number, rule.Attempt, rule.Test, result, time.Since(start).Round(time.Second))
	}
	return errors.Join(errs...)
}

// prove removes the rule, checks that the code still compiles, and runs the test.
func prove(ctx context.Context, dir string, rule rules.Rule) error {
	path := filepath.Join(dir, rule.File)
	whole, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(rule.TakeOut(string(whole))), 0o600); err != nil {
		return err
	}
	defer func() { _ = os.WriteFile(path, whole, 0o600) }() // the copy is removed anyway
	if _, err := command(ctx, dir, "build", "-o", os.DevNull, "./cli", "./webhook/..."); err != nil {
		return fmt.Errorf("cannot run, because the code does not compile without the rule: %w", err)
	}
	pattern := "^" + strings.ReplaceAll(rule.Test, "/", "$/^") + "$"
	out, err := command(ctx, filepath.Join(dir, rule.Package), "test", "-count=1", "-timeout=9m", "-run", pattern, ".")
	switch {
	case err == nil:
		return errors.New("passes without the rule")
	case !strings.Contains(out, "--- FAIL: "+rule.Test):
		return fmt.Errorf("did not run: %w\n%s", err, out)
	}
	return nil
}

func command(ctx context.Context, dir string, args ...string) (output string, err error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	text, err := cmd.CombinedOutput()
	return string(text), err
}
