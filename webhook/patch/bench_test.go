package patch

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"gomodules.xyz/jsonpatch/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// BenchmarkBetween compares a job of 4 KB with itself and with the policies' result, next to a comparison
// of JSON trees. Both end with the marshalled patch. Look at the ratio of the two in one run.
func BenchmarkBetween(b *testing.B) {
	job := benchmarkJob()
	raw := sortedKeys(b, marshal(b, job)) // as kubectl sends it; equal bytes would be a shortcut
	for _, bench := range []struct {
		name   string
		change func(*v2beta1.MPIJob)
	}{
		{"nothing", func(*v2beta1.MPIJob) {}},
		{"fourteen-changes", fourteenChanges},
	} {
		after := job.DeepCopy()
		bench.change(after)
		for _, way := range []struct {
			name  string
			write func() ([]byte, error)
		}{
			{"typed", func() ([]byte, error) {
				operations, err := Between(job, after, raw)
				return written(b, operations), err
			}},
			{"trees", func() ([]byte, error) {
				operations, err := jsonpatch.CreatePatch(raw, marshal(b, after))
				return marshal(b, operations), err
			}},
		} {
			b.Run(bench.name+"/"+way.name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(raw)))
				var size int
				for b.Loop() {
					text, err := way.write()
					if err != nil {
						b.Fatal(err)
					}
					size = len(text)
				}
				b.ReportMetric(float64(size), "patch-bytes")
			})
		}
	}
}

func TestBenchmarkJobHasFourKilobytes(t *testing.T) {
	job := benchmarkJob()
	if size := len(marshal(t, job)); size < 3500 || size > 4500 {
		t.Errorf("got %d bytes", size)
	}
	after := job.DeepCopy()
	fourteenChanges(after)
	if operations, err := Between(job, after, marshal(t, job)); err != nil || len(operations) != 14 {
		t.Errorf("got %d operations, error %v", len(operations), err)
	}
}

// Comparing a job with itself allocates almost nothing, and a patch a few objects for each operation.
func TestAllocations(t *testing.T) {
	job := benchmarkJob()
	raw, same, after := sortedKeys(t, marshal(t, job)), job.DeepCopy(), job.DeepCopy()
	fourteenChanges(after)
	for _, test := range []struct {
		name string
		job  *v2beta1.MPIJob
		most float64
	}{{"nothing", same, 20}, {"fourteen changes", after, 175}} {
		got := testing.AllocsPerRun(20, func() {
			operations, err := Between(job, test.job, raw)
			if err != nil {
				t.Fatal(err)
			}
			_ = written(t, operations)
		})
		if t.Logf("%s: %.0f", test.name, got); got > test.most {
			t.Errorf("%s: %.0f allocations, more than %.0f", test.name, got, test.most)
		}
	}
}

func benchmarkJob() *v2beta1.MPIJob {
	return mpijobtest.MakeMPIJob("dist1", "runai-team-a").Workers(2).Gate("run.ai/admission").
		Annotation("run.ai/gpu", "2").Annotation("run.ai/large-shm", "8Gi").
		Both(func(template *corev1.PodTemplateSpec) {
			container := &template.Spec.Containers[0]
			for i := range 10 {
				container.Env = append(container.Env, corev1.EnvVar{
					Name: fmt.Sprintf("VARIABLE_%d", i), Value: "a value of the length that is usual for such variables, a path perhaps",
				})
			}
			for _, name := range []string{"data", "checkpoints", "home", "scratch"} {
				container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: "/mnt/" + name})
				template.Spec.Volumes = append(template.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
					PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "claim-of-" + name},
				}})
			}
		}).Obj()
}

// fourteenChanges makes six changes for each role and two for the job.
func fourteenChanges(job *v2beta1.MPIJob) {
	metav1.SetMetaDataLabel(&job.ObjectMeta, "kai.scheduler/queue", "team-a")
	metav1.SetMetaDataAnnotation(&job.ObjectMeta, "run.ai/applied-policies", "scheduling,identity,ssh")
	for _, spec := range job.Spec.MPIReplicaSpecs {
		user, container := int64(1234), &spec.Template.Spec.Containers[0]
		spec.Template.Spec.SchedulingGates = nil
		spec.Template.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: &user, RunAsGroup: &user}
		spec.Template.Spec.Volumes = append(spec.Template.Spec.Volumes, corev1.Volume{Name: "shm"})
		container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{Name: "shm", MountPath: "/dev/shm"})
		container.Resources.Limits = corev1.ResourceList{"nvidia.com/gpu": {}}
		metav1.SetMetaDataAnnotation(&spec.Template.ObjectMeta, "files.run.ai/passwd", "alice:x:1234:1234::/home/alice:/bin/sh")
	}
}

func sortedKeys(t testing.TB, raw []byte) []byte {
	t.Helper()
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	return marshal(t, tree)
}

func marshal(t testing.TB, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
