package runnable_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

// injected adds a container that is confined as the policies demand, and then changed.
func injected(change func(*corev1.SecurityContext)) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		context := &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(bool), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		}
		change(context)
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "proxy", Image: "example/proxy", SecurityContext: context})
	}
}

func adding(capability corev1.Capability) func(*corev1.Pod) {
	return injected(func(context *corev1.SecurityContext) { context.Capabilities.Add = []corev1.Capability{capability} })
}

// unconfined is a container as most injectors add it.
var unconfined = corev1.Container{Name: "proxy", Image: "example/proxy"}

var always, group, uid = corev1.ContainerRestartPolicyAlways, int64(60003), int64(1001)

// harmless are changes by other webhooks, or none, that the policies accept.
var harmless = map[string]func(*corev1.Pod){
	"nothing":              func(*corev1.Pod) {},
	"a confined container": injected(func(*corev1.SecurityContext) {}),
	"an annotation":        func(pod *corev1.Pod) { pod.Annotations["proxy.example.com/status"] = "injected" },
	"fewer groups":         func(pod *corev1.Pod) { pod.Spec.SecurityContext.SupplementalGroups = nil },
}

// injections are changes by which a pod could do what its user cannot. Users steer injectors by labels and annotations.
// The API server itself refuses ephemeral containers in a new pod.
var injections = map[string]func(*corev1.Pod){
	"a container without a context": func(pod *corev1.Pod) { pod.Spec.Containers = append(pod.Spec.Containers, unconfined) },
	"an init container without one": func(pod *corev1.Pod) { pod.Spec.InitContainers = append(pod.Spec.InitContainers, unconfined) },
	"a sidecar without one": func(pod *corev1.Pod) {
		sidecar := unconfined
		sidecar.RestartPolicy = &always
		pod.Spec.InitContainers = append(pod.Spec.InitContainers, sidecar)
	},
	"the context of a container removed": func(pod *corev1.Pod) { pod.Spec.Containers[0].SecurityContext = nil },
	"the context of the pod removed":     func(pod *corev1.Pod) { pod.Spec.SecurityContext = nil },

	"SETUID": adding("SETUID"), "DAC_OVERRIDE": adding("DAC_OVERRIDE"), "SYS_ADMIN": adding("SYS_ADMIN"), "all capabilities": adding("ALL"),

	"capabilities kept":      injected(func(context *corev1.SecurityContext) { context.Capabilities.Drop = nil }),
	"privilege escalation":   injected(func(context *corev1.SecurityContext) { context.AllowPrivilegeEscalation = nil }),
	"runAsNonRoot false":     injected(func(context *corev1.SecurityContext) { context.RunAsNonRoot = new(bool) }),
	"root":                   injected(func(context *corev1.SecurityContext) { context.RunAsUser = new(int64) }),
	"a container's own uid":  injected(func(context *corev1.SecurityContext) { context.RunAsUser = &uid }),
	"a container's own gid":  injected(func(context *corev1.SecurityContext) { context.RunAsGroup = &group }),
	"no seccomp":             injected(unconfinedSeccomp),
	"another uid of the pod": func(pod *corev1.Pod) { pod.Spec.SecurityContext.RunAsUser = &uid },
	"another gid of the pod": func(pod *corev1.Pod) { pod.Spec.SecurityContext.RunAsGroup = &group },
	"foreign groups":         func(pod *corev1.Pod) { pod.Spec.SecurityContext.SupplementalGroups = []int64{group} },
	"the image's groups":     func(pod *corev1.Pod) { pod.Spec.SecurityContext.SupplementalGroupsPolicy = nil },
	"fsGroup":                func(pod *corev1.Pod) { pod.Spec.SecurityContext.FSGroup = &group },
	"hostPID":                func(pod *corev1.Pod) { pod.Spec.HostPID = true },
	"a user namespace":       func(pod *corev1.Pod) { pod.Spec.HostUsers = new(bool) },
}

func unconfinedSeccomp(context *corev1.SecurityContext) {
	context.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined}
}

// What other webhooks do to the pods of an admitted job is judged, whoever makes the pods.
func TestBackstopRefusesInjected(t *testing.T) {
	b := newBackstop(t)
	s := newSubmission("plain", mpijobtest.MakeMPIJob("dist1", "runai-team-a").Obj())
	if !b.accepts(t, s) {
		t.Fatal("the job is refused")
	}
	_, pods, err := b.operator.Made(s.admitted())
	if err != nil {
		t.Fatal(err)
	}
	for name, pod := range pods {
		create := func(change func(*corev1.Pod)) error {
			changed := withToken(pod)
			change(changed)
			return b.of(t, s).Create(t.Context(), makers[name], changed)
		}
		for what, change := range harmless {
			if err := create(change); err != nil {
				t.Errorf("%s with %s: %s", name, what, err)
			}
		}
		for what, change := range injections {
			if create(change) == nil {
				t.Errorf("%s with %s is accepted", name, what)
			}
		}
	}
}
