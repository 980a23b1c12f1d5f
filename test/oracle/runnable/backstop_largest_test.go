package runnable_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/flood"
)

// enlarge fills the lists of a template over which policies walk, to about what the webhook or the API server admits.
var enlarge = map[string]func(*corev1.PodTemplateSpec){
	"annotations": func(template *corev1.PodTemplateSpec) {
		template.Annotations = map[string]string{}
		for i := range 3000 {
			template.Annotations[fmt.Sprintf("kueue.x-k8s.io/%s%d", strings.Repeat("x", 57), i)] = ""
		}
	},
	"labels": func(template *corev1.PodTemplateSpec) {
		template.Labels = map[string]string{}
		for i := range 4900 {
			template.Labels[fmt.Sprintf("example.com/%s%d", strings.Repeat("x", 57), i)] = ""
		}
	},
	"containers": func(template *corev1.PodTemplateSpec) {
		main := template.Spec.Containers[0]
		for i := range 100 {
			main.Env = append(main.Env, corev1.EnvVar{Name: fmt.Sprintf("E%d", i), Value: "x"})
		}
		for i := range 90 {
			main.Name = fmt.Sprintf("main%d", i)
			template.Spec.Containers = append(template.Spec.Containers, main)
			main.Name = fmt.Sprintf("init%d", i)
			template.Spec.InitContainers = append(template.Spec.InitContainers, main)
		}
	},
	"volumes": func(template *corev1.PodTemplateSpec) {
		for i := range 4000 {
			empty := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
			template.Spec.Volumes = append(template.Spec.Volumes, corev1.Volume{Name: fmt.Sprintf("v%d", i), VolumeSource: empty})
		}
	},
	"affinity terms": func(template *corev1.PodTemplateSpec) {
		linux := corev1.NodeSelectorRequirement{Key: corev1.LabelOSStable, Operator: corev1.NodeSelectorOpIn, Values: []string{"linux"}}
		terms := make([]corev1.NodeSelectorTerm, 2000)
		for i := range terms {
			terms[i].MatchExpressions = []corev1.NodeSelectorRequirement{linux}
		}
		template.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
		}}
	},
}

// CEL bounds what a policy may cost, and a policy that costs more refuses the request. The largest jobs that the webhook
// admits stay below the bound.
func TestBackstopAcceptsTheLargest(t *testing.T) {
	b := newBackstop(t)
	for what, change := range enlarge {
		job := mpijobtest.MakeMPIJob("large", "runai-team-a").Template(v2beta1.MPIReplicaTypeWorker, change).Obj()
		if !b.accepts(t, newSubmission("many "+what, job)) {
			t.Errorf("many %s: not admitted", what)
		}
	}
	admitted := 0
	for _, large := range flood.Jobs("runai-team-a") {
		job := &v2beta1.MPIJob{}
		if large.Refusal != "" { // some would take hours to decode
			continue
		}
		if json.Unmarshal(large.JSON, job) == nil && b.accepts(t, newSubmission(large.Name, job)) {
			admitted++
		}
	}
	if admitted < 3 {
		t.Errorf("%d jobs of a flood are admitted", admitted)
	}
}
