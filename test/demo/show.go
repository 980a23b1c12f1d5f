package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

func title(format string, args ...any) { fmt.Printf("\n=== "+format+"\n\n", args...) }

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func show(program string, args []string) { say("$ %s %s", program, strings.Join(args, " ")) }

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}

func (d *demo) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, d.product.Runai, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+d.product.Kubeconfig())
	return cmd
}

// runai shows the command and what it prints.
func (d *demo) runai(ctx context.Context, args ...string) error {
	show("runai", args)
	output, err := d.command(ctx, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("runai %s: %w: %s", strings.Join(args, " "), err, output)
	}
	say("%s", indent(string(output)))
	return nil
}

// explain runs the policies that the webhook ran, and shows what each of them changed.
func (d *demo) explain(ctx context.Context, project string, job []byte) error {
	path, err := d.write(ctx, project)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, d.product.Programs.Webhook, "admit", "-f", "-", "--project", path, "--policy", d.product.Policy)
	var report bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(job), &report
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("runai-webhook admit refuses a job that the cluster admitted: %w: %s", err, report.String())
	}
	say("What each policy changed (from runai-webhook admit):\n%s", indent(shorten(report.String())))
	return nil
}

// longest is how much of a change is shown: the scripts that policies add are longer than all else.
const longest = 300

// shorten cuts long lines.
func shorten(text string) string {
	var short strings.Builder
	for line := range strings.Lines(text) {
		if len(line) > longest {
			line = fmt.Sprintf("%s… (%d bytes more)\n", strings.ToValidUTF8(line[:longest], ""), len(line)-longest)
		}
		short.WriteString(line)
	}
	return short.String()
}

// write writes the stored project to a file.
func (d *demo) write(ctx context.Context, project string) (path string, err error) {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Project"))
	if err := d.product.Client.Get(ctx, client.ObjectKey{Name: project}, object); err != nil {
		return "", err
	}
	text, err := yaml.Marshal(object)
	if err != nil {
		return "", fmt.Errorf("cannot write the project: %w", err)
	}
	path = filepath.Join(d.product.Dir, project+".yaml")
	return path, os.WriteFile(path, text, 0o600)
}

// podTable returns a table with what the policies decided for each pod.
func podTable(pods []corev1.Pod) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "NAME\tNODE TYPES\tGPUS\tGPU FRACTION\tSCHEDULER\tGATES")
	for _, pod := range pods {
		gpus := pod.Spec.Containers[0].Resources.Limits["nvidia.com/gpu"]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\n", pod.Name, orDash(nodeTypes(pod)), gpus.String(),
			orDash(pod.Annotations["gpu-fraction"]), pod.Spec.SchedulerName, len(pod.Spec.SchedulingGates))
	}
	table.Flush() //nolint:errcheck // writing to a strings.Builder cannot fail
	return text.String()
}

func nodeTypes(pod corev1.Pod) string {
	affinity := pod.Spec.Affinity
	if affinity == nil || affinity.NodeAffinity == nil || affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return ""
	}
	var types []string
	for _, term := range affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for _, expression := range term.MatchExpressions {
			types = append(types, expression.Values...)
		}
	}
	return strings.Join(types, ",")
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
