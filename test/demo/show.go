package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func title(format string, args ...any) { fmt.Printf("\n=== "+format+"\n\n", args...) }

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func command(program string, args []string) { say("$ %s %s", program, strings.Join(args, " ")) }

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}

// kubectl shows the command and what it prints.
func (d *demo) kubectl(ctx context.Context, stdin string, args ...string) error {
	shown := args
	if last := args[len(args)-1]; strings.HasPrefix(last, "custom-columns=") {
		shown = append(args[:len(args)-1:len(args)-1], "custom-columns=...")
	}
	command("kubectl", shown)
	stdout, stderr, err := d.product.Kubectl(ctx, strings.NewReader(stdin), args...)
	if err != nil {
		return err
	}
	say("%s", indent(stdout+stderr))
	return nil
}

// explain runs the very policies that the webhook ran, and shows what each of them changed.
func (d *demo) explain(ctx context.Context, project string, job []byte) error {
	object, _, err := d.product.Kubectl(ctx, nil, "get", "project", project, "-o", "yaml")
	if err != nil {
		return err
	}
	path := filepath.Join(d.product.Dir, project+".yaml")
	if err := os.WriteFile(path, []byte(object), 0o600); err != nil {
		return fmt.Errorf("cannot write the project: %w", err)
	}
	cmd := d.command(ctx, d.product.Programs.Webhook, "admit", "-f", "-", "--project", path, "--policy", d.product.Policy)
	var report bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(job), &report
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the webhook does not admit what the cluster did: %w: %s", err, report.String())
	}
	say("What each policy did (as runai-webhook admit tells it):\n%s", indent(report.String()))
	return nil
}
