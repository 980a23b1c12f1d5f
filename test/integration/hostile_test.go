package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// hostile has what terminals obey or do not show: escape sequences of C0 and C1, a title, bidirectional marks,
// characters without an image, separators of lines, tags. Its last line looks like an error of the program.
const hostile = "a\x1b]0;title\x07\x1b[2J\u009b31m\x7f\b\r\tb\u202etxt\u2066\u200f\u061c" +
	"\u200b\u200d\u2060\ufeff\u00ad\u115f\u3164\u034f\ufe0f\u2028\u2029\u0085\U000e0041\U000e0100\ue000\nrunai: forged"

// isPlain returns an error for output that has anything but characters that a terminal shows, or a forged line.
func isPlain(output string) error {
	if !utf8.ValidString(output) {
		return fmt.Errorf("not valid UTF-8: %q", output)
	}
	for _, char := range output {
		if char != '\n' && (!unicode.IsGraphic(char) || strings.ContainsRune("\u115f\u3164\u034f\ufe0f\U000e0100", char)) {
			return fmt.Errorf("%U in %q", char, output)
		}
	}
	if strings.Contains("\n"+output, "\nrunai: forged") {
		return fmt.Errorf("a forged line in %s", output)
	}
	return nil
}

// Whatever anybody writes into a job, its status, its pods or events, no command prints characters that a terminal
// would obey, and each is visible as an escape sequence.
func TestT39HostileText(t *testing.T) {
	const namespace = "runai-hostile" // of no project, so that the stamp and everything else is stored as it is
	product.AddNamespace(t, namespace, nil)
	identity := &annotations.Identity{UID: 1, GID: 1, UserName: hostile, Home: hostile, Source: hostile}
	stamp := annotations.Stamp{Username: hostile, Identity: identity}
	for _, name := range []string{"said", "refused", "failed"} {
		product.Create(t, mpijobtest.MakeMPIJob(name, namespace).
			Annotation(annotations.SubmittedByKey, stamp.String()).Annotation(annotations.AppliedPoliciesKey, hostile+" "+hostile).
			Annotation("example.com/note", hostile).Obj())
		podsOf(t, product.Job(t, namespace, name))
	}
	image := mpijobtest.MakeMPIJob("image", namespace).Both(func(template *corev1.PodTemplateSpec) {
		template.Spec.Containers[0].Image = hostile
		template.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "A", Value: hostile}}
	}).Obj()
	product.Create(t, image)
	saysHostileThings(t, namespace)
	for _, args := range []string{
		"list", "list -A", "describe said", "describe image", "describe refused", "describe failed", "describe said -o yaml",
		"describe said -o json", "list -o wide", "list -o json", "list -o jsonpath={.items[*].metadata.annotations}",
		"describe image -o go-template={{.spec}}", "delete image --dry-run -o yaml",
		"describe image -o yaml", "describe image -o json", "logs refused", "logs said --pod absent",
		"logs failed --loglevel debug",
	} {
		t.Run(args, func(t *testing.T) {
			fields := strings.Fields(args)
			if args != "list -A" {
				fields = append(fields, "-n", namespace)
			}
			stdout, stderr, _ := product.Runai(t, fields...)
			isPrinted(t, stdout, stderr, !strings.Contains(args, "absent"))
		})
	}
}

// saysHostileThings writes to everything that is not part of a job's spec: status, pods and events.
func saysHostileThings(t *testing.T, namespace string) {
	t.Helper()
	setStatus(t, podsOf(t, product.Job(t, namespace, "said")).all(), func(status *corev1.PodStatus) {
		status.Reason, status.Message = hostile, hostile
	})
	setStatus(t, podsOf(t, product.Job(t, namespace, "refused")).all(), func(status *corev1.PodStatus) {
		waiting := &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "forged\n" + strings.ReplaceAll(hostile, "\n", " ")}
		status.ContainerStatuses = []corev1.ContainerStatus{{Name: "mpi", Image: hostile, State: corev1.ContainerState{Waiting: waiting}}}
	})
	if err := retry.RetryOnConflict(retry.DefaultRetry, func() error { // the operator writes too
		failed := product.Job(t, namespace, "failed")
		failed.Status.Conditions = append(failed.Status.Conditions, v2beta1.JobCondition{
			Type: v2beta1.JobFailed, Status: corev1.ConditionTrue, Reason: hostile, Message: strings.ReplaceAll(hostile, "\n", " "),
		})
		return product.Client.Status().Update(t.Context(), failed)
	}); err != nil {
		t.Fatal(err)
	}
	for _, job := range []string{"said", "image", "refused", "failed"} {
		product.Create(t, &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{GenerateName: "hostile-", Namespace: namespace},
			InvolvedObject: corev1.ObjectReference{Kind: "MPIJob", Namespace: namespace, Name: job},
			Type:           hostile, Reason: hostile, Message: hostile, LastTimestamp: metav1.NewTime(time.Now().Add(time.Minute)),
		})
	}
}

var escapeSequence = regexp.MustCompile(`(?i)\\(?:u202e|x1b|u001b)`)

// isPrinted asserts that the hostile text is printed, and as escape sequences.
func isPrinted(t *testing.T, stdout, stderr string, isExpected bool) {
	t.Helper()
	for _, output := range []string{stdout, stderr} {
		if err := isPlain(output); err != nil {
			t.Error(err)
		}
	}
	if isExpected && !escapeSequence.MatchString(stdout+stderr) {
		t.Errorf("nothing hostile is printed:\n%s%s", stdout, stderr)
	}
}

// What the webhook answers, and what a user typed, is escaped too.
func TestT39HostileAnswers(t *testing.T) {
	namespace := product.AddProject(t, "hostile-answers", v1alpha1.ProjectSpec{})
	user := as(t, "eve\u202etxt\u200b\U000e0041", nil)
	for _, args := range [][]string{
		{"whoami"},
		{"submit-mpi", "dist1", "-i", "x", "-e", "A=" + hostile, "--dry-run=server"},
		{"submit-mpi", "dist1", "-i", "x", "-e", "A=" + hostile, "--dry-run=server", "-o", "json"},
		{"submit-mpi", "dist1", "-i", "x", "--dry-run=client", "--", hostile},
		{"submit-mpi", "dist1", "-i", hostile},
		{"submit-mpi", "dist1", "-i", "x", "--node-type", hostile},
		{"submit-mpi", "-i", "x", "--pvc", "a:/b" + hostile},
		{"submit-mpi", "-i", "x", "-v", hostile},
		{"submit-mpi", hostile, "-i", "x"},
		{"submit-mpi", "-i", "x", "--" + hostile},
		{"describe", hostile},
		{"delete", hostile},
		{hostile},
		{"list", "--kubeconfig", hostile},
		{"list", "--context", hostile},
	} {
		stdout, stderr, _ := product.RunaiAs(t, user.Kubeconfig(), append(args, "-n", namespace)...)
		isPrinted(t, stdout, stderr, true)
		if t.Failed() {
			t.Fatalf("by %q", args)
		}
	}
}

// The offline verdict on a stranger's manifest is escaped, whether it is admitted, warned of or refused.
func TestT39HostileManifests(t *testing.T) {
	const quoted = `a\e]0;t\u202e\x7f\u009b\u2028\U000E0041\uFE0F`
	const job = `{apiVersion: kubeflow.org/v2beta1, kind: MPIJob, metadata: {name: a, namespace: b, annotations: {%s}},
spec: {mpiReplicaSpecs: {Launcher: {template: {spec: {containers: [{name: mpi, image: "%s"}]}}}, Worker: {replicas: %s, template: {spec: {
containers: [{name: mpi, image: x, env: [{name: A, value: "%s"}]}]}}}}}}`
	for name, text := range map[string]string{
		"admitted":     fmt.Sprintf(job, `example.com/a: "`+quoted+`", run.ai/large-shm: "true"`, quoted, "1", quoted),
		"refused":      fmt.Sprintf(job, `run.ai/node-type: "`+quoted+`", "run.ai/`+quoted+`": a`, quoted, "1", quoted),
		"undecodable":  fmt.Sprintf(job, "", quoted, `"`+quoted+`"`, quoted),
		"another kind": `{apiVersion: "` + quoted + `", kind: "` + quoted + `"}`,
		"invalid":      "a: [" + hostile,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a\x1b[2J\u202e\xff.yaml")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr strings.Builder
			for _, files := range [][]string{{"-f", path}, {"-f", path, "-f", path + "\x1b"}} {
				cmd := exec.Command(product.Programs.Webhook, append([]string{"admit"}, files...)...)
				cmd.Stdout, cmd.Stderr = &stdout, &stderr
				_ = cmd.Run() // it fails for most of them
			}
			isPrinted(t, stdout.String(), stderr.String(), true)
		})
	}
}
