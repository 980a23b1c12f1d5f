package runnable_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/golden"
)

const root = "../../.."

// goldens returns the submissions of the policies' golden files.
func goldens(t *testing.T) []submission {
	t.Helper()
	var all []submission
	for _, c := range golden.Cases(t, root+"/webhook/policy/testdata") {
		s := newSubmission(c.Name, &v2beta1.MPIJob{})
		read := func(name string, into any) {
			if text, present := c.File(name); present {
				if err := yaml.UnmarshalStrict([]byte(text), into); err != nil {
					t.Fatalf("%s: %s: %s", c.Name, name, err)
				}
			}
		}
		read("job.yaml", s.job)
		read("project.yaml", s.project)
		read("labels.yaml", &s.labels)
		if _, present := c.File("user.yaml"); present {
			s.user = authenticationv1.UserInfo{}
			read("user.yaml", &s.user)
		}
		if text, present := c.File("cluster.yaml"); present {
			cluster, err := config.Parse([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			s.cluster = cluster
			read("cluster.yaml", &s.values)
			delete(s.values, "apiVersion")
			delete(s.values, "kind")
		}
		all = append(all, s)
	}
	return all
}

// examples returns the MPIJobs in the repository's samples and pages, and in the operator's own examples.
func examples(t *testing.T) []submission {
	t.Helper()
	operator, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/kubeflow/mpi-operator").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []submission
	for _, pattern := range []string{
		root + "/config/samples/*.yaml", root + "/docs/*.md", root + "/README.md",
		strings.TrimSpace(string(operator)) + "/examples/v2beta1/*/*.yaml",
	} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, jobsIn(t, path, string(text))...)
		}
	}
	return all
}

var codeBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

func jobsIn(t *testing.T, path, text string) []submission {
	t.Helper()
	blocks := []string{text}
	if filepath.Ext(path) == ".md" {
		blocks = nil
		for _, found := range codeBlock.FindAllStringSubmatch(text, -1) {
			blocks = append(blocks, found[1])
		}
	}
	var all []submission
	for _, block := range blocks {
		for document := range strings.SplitSeq(block, "\n---") {
			job := &v2beta1.MPIJob{}
			if err := yaml.Unmarshal([]byte(document), job); err == nil && job.Kind == v2beta1.Kind &&
				job.APIVersion == v2beta1.SchemeGroupVersion.String() {
				all = append(all, newSubmission(filepath.Base(path), job))
			}
		}
	}
	return all
}

// What the golden files and examples show as admitted can run.
func TestGoldensAndExamples(t *testing.T) {
	operator := newOperator(t)
	for name, test := range map[string]struct {
		submissions []submission
		least       int
	}{"goldens": {goldens(t), 60}, "examples": {examples(t), 6}} {
		admitted := 0
		for _, s := range test.submissions {
			if s.job.Labels["kueue.x-k8s.io/multikueue-origin"] == "" && s.check(t, operator) {
				admitted++
			}
		}
		t.Logf("%d of %d %s are admitted", admitted, len(test.submissions), name)
		if admitted < test.least {
			t.Errorf("%d of %d %s are admitted", admitted, len(test.submissions), name)
		}
	}
}

// A comparison proves nothing if it does not find known errors.
func TestHarmsAreFound(t *testing.T) {
	operator := newOperator(t)
	whole := func() mpijobtest.Builder {
		return mpijobtest.MakeMPIJob("job", "a").Limit("Worker", "cpu", "2").Limit("Worker", "memory", "2Gi")
	}
	list := func(cpu string) corev1.ResourceRequirements {
		return corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse(cpu)}}
	}
	for name, injected := range map[string]corev1.ResourceRequirements{"QoS class": list("10m"), "quota counts": list("9"),
		"limit range with a ratio": {}} {
		harmed := whole().Template("Worker", func(template *corev1.PodTemplateSpec) {
			template.Spec.InitContainers = []corev1.Container{{Name: "injected", Image: "example/a", Resources: injected}}
		}).Obj()
		if found := strings.Join(operator.Harms(whole().Obj(), harmed), "\n"); !strings.Contains(found, name) {
			t.Errorf("%s: %q", name, found)
		}
	}
}
