package runnable

import (
	"fmt"
	"maps"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/apis/core/v1/helper/qos"
	quota "k8s.io/kubernetes/pkg/quota/v1/evaluator/core"
	"k8s.io/kubernetes/plugin/pkg/admission/limitranger"
	"k8s.io/utils/clock"
)

// Harms returns what became worse for the author of a job: another QoS class, more that a quota counts, or pods that
// a limit range treats differently. The amounts of the ignored resources may differ, because an intent asks for them.
func (o *Operator) Harms(before, after *v2beta1.MPIJob, ignored ...corev1.ResourceName) []string {
	var harms []string
	was, now := o.pods(before), o.pods(after)
	for role := range was {
		for _, harm := range harmsOf(was[role], now[role], ignored) {
			harms = append(harms, role+": "+harm)
		}
	}
	slices.Sort(harms)
	return harms
}

// pods returns the pods of a job with the defaults of the API server.
func (o *Operator) pods(job *v2beta1.MPIJob) map[string]*corev1.Pod {
	launcher, worker := o.Objects(job)
	pods := map[string]*corev1.Pod{"launcher": {ObjectMeta: launcher.Spec.Template.ObjectMeta, Spec: launcher.Spec.Template.Spec}}
	if worker != nil {
		pods["worker"] = worker
	}
	for _, pod := range pods {
		legacyscheme.Scheme.Default(pod)
	}
	return pods
}

func harmsOf(was, now *corev1.Pod, ignored []corev1.ResourceName) []string {
	var harms []string
	if before, after := qos.ComputePodQOS(was), qos.ComputePodQOS(now); before != after {
		harms = append(harms, fmt.Sprintf("the QoS class was %s and is %s", before, after))
	}
	if before, after := usage(was, ignored), usage(now, ignored); !equality.Semantic.DeepEqual(before, after) {
		harms = append(harms, "a quota counts something else: "+cmp.Diff(texts(before), texts(after)))
	}
	evaluator := quota.NewPodEvaluator(nil, clock.RealClock{})
	required := []corev1.ResourceName{corev1.ResourceLimitsCPU, corev1.ResourceLimitsMemory, corev1.ResourceRequestsCPU,
		corev1.ResourceRequestsMemory}
	for _, name := range required { // what a quota demands of every container
		before, after := evaluator.Constraints([]corev1.ResourceName{name}, was), evaluator.Constraints([]corev1.ResourceName{name}, now)
		if (before == nil) != (after == nil) {
			harms = append(harms, fmt.Sprintf("a quota on %s said %v and says %v", name, before, after))
		}
	}
	for name, item := range limitRanges {
		before, after := limited(was, item), limited(now, item)
		if before.refused != after.refused {
			harms = append(harms, fmt.Sprintf("a limit range with %s said %v and says %v", name, before.refused, after.refused))
		}
		for _, name := range ignored {
			delete(before.usage, name)
			delete(after.usage, name)
		}
		if !equality.Semantic.DeepEqual(before.usage, after.usage) {
			harms = append(harms, "with a limit range with "+name+" a quota counts something else: "+cmp.Diff(texts(before.usage),
				texts(after.usage)))
		}
	}
	return harms
}

func texts(list corev1.ResourceList) map[string]string {
	all := map[string]string{}
	for name, amount := range list {
		all[string(name)] = amount.String()
	}
	return all
}

// usage returns what a quota counts for a pod.
func usage(pod *corev1.Pod, ignored []corev1.ResourceName) corev1.ResourceList {
	counted, err := quota.PodUsageFunc(pod, clock.RealClock{})
	if err != nil {
		panic(err)
	}
	for _, name := range ignored {
		delete(counted, name)
	}
	return counted
}

// limitRanges are items of limit ranges, each with something that an administrator sets.
var limitRanges = map[string]corev1.LimitRangeItem{
	"a ratio":   {Type: corev1.LimitTypeContainer, MaxLimitRequestRatio: amounts("3", "2")},
	"a minimum": {Type: corev1.LimitTypeContainer, Min: amounts("100m", "100Mi")},
	"a maximum": {Type: corev1.LimitTypeContainer, Max: amounts("4", "8Gi"), Default: amounts("4", "8Gi"),
		DefaultRequest: amounts("4", "8Gi")},
	"defaults":        {Type: corev1.LimitTypeContainer, Default: amounts("1", "1Gi"), DefaultRequest: amounts("500m", "512Mi")},
	"only one size":   {Type: corev1.LimitTypeContainer, Min: amounts("2", "2Gi"), Max: amounts("2", "2Gi")},
	"a maximum a pod": {Type: corev1.LimitTypePod, Max: amounts("4", "8Gi")},
	"a minimum a pod": {Type: corev1.LimitTypePod, Min: amounts("4", "8Gi")},
	"storage": {Type: corev1.LimitTypeContainer, Min: corev1.ResourceList{corev1.ResourceEphemeralStorage: resource.MustParse("1Gi")},
		Default: corev1.ResourceList{corev1.ResourceEphemeralStorage: resource.MustParse("100Gi")}},
}

func amounts(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
}

type outcome struct {
	refused bool
	usage   corev1.ResourceList
}

// limited returns what a limit range makes of a pod.
func limited(pod *corev1.Pod, item corev1.LimitRangeItem) outcome {
	internal := &core.Pod{}
	if err := legacyscheme.Scheme.Convert(pod.DeepCopy(), internal, nil); err != nil {
		panic(err)
	}
	limits, actions := &corev1.LimitRange{Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{item}}},
		limitranger.DefaultLimitRangerActions{}
	if err := actions.MutateLimit(limits, "pods", internal); err != nil {
		panic(err)
	}
	refused := actions.ValidateLimit(limits, "pods", internal) != nil
	external := &corev1.Pod{}
	if err := legacyscheme.Scheme.Convert(internal, external, nil); err != nil {
		panic(err)
	}
	return outcome{refused, usage(external, nil)}
}

// Touched returns what was changed of the author's own containers, other than what is appended to them: commands,
// arguments, ports and variables.
func Touched(before, after *v2beta1.MPIJob) []string {
	var touched []string
	for _, role := range slices.Sorted(maps.Keys(before.Spec.MPIReplicaSpecs)) {
		was, now := before.Spec.MPIReplicaSpecs[role].Template.Spec, after.Spec.MPIReplicaSpecs[role].Template.Spec
		for i := range was.Containers {
			touched = append(touched, touchedIn(fmt.Sprintf("%s: containers[%d]", role, i), was.Containers[i], now.Containers[i],
				was.HostNetwork)...)
		}
		for i := range was.InitContainers {
			if !equality.Semantic.DeepEqual(was.InitContainers[i], now.InitContainers[i]) {
				touched = append(touched, fmt.Sprintf("%s: initContainers[%d]: %s", role, i, cmp.Diff(was.InitContainers[i],
					now.InitContainers[i])))
			}
		}
	}
	return touched
}

// touchedIn allows a command for a container that has none, and on the node's network more ports.
func touchedIn(name string, was, now corev1.Container, onNode bool) []string {
	hasCommand := len(was.Command)+len(was.Args) > 0
	var touched []string
	for _, part := range []struct {
		field       string
		was, now    any
		isUntouched bool
	}{
		{"command", was.Command, now.Command, !hasCommand || slices.Equal(was.Command, now.Command)},
		{"args", was.Args, now.Args, !hasCommand || slices.Equal(was.Args, now.Args)},
		{"ports", was.Ports, now.Ports, begins(now.Ports, was.Ports) && (onNode || len(was.Ports) == len(now.Ports))},
		{"env", was.Env, now.Env, begins(now.Env, was.Env)},
		{"envFrom", was.EnvFrom, now.EnvFrom, equality.Semantic.DeepEqual(was.EnvFrom, now.EnvFrom)},
		{"workingDir", was.WorkingDir, now.WorkingDir, was.WorkingDir == now.WorkingDir},
		{"image", was.Image, now.Image, was.Image == now.Image},
		{"lifecycle", was.Lifecycle, now.Lifecycle, equality.Semantic.DeepEqual(was.Lifecycle, now.Lifecycle)},
		{"volumeMounts", was.VolumeMounts, now.VolumeMounts, begins(now.VolumeMounts, was.VolumeMounts)},
	} {
		if !part.isUntouched {
			touched = append(touched, fmt.Sprintf("%s.%s: %s", name, part.field, cmp.Diff(part.was, part.now)))
		}
	}
	return touched
}

func begins[T any](list, with []T) bool {
	return len(list) >= len(with) && equality.Semantic.DeepEqual(list[:len(with)], with[:len(with):len(with)])
}
