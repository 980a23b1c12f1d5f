package forgery

import (
	"slices"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// Whatever another webhook did to a pod, and whoever creates it: a pod that is less confined than an admitted job is
// refused.
func TestT46Confinement(t *testing.T) {
	namespace := product.AddProject(t, "t46", required)
	applyBackstop(t, "confinement")
	controller, pod := as(t, "system:serviceaccount:kube-system:job-controller"), confinedPod(namespace)
	zero, one, yes, no, name, windows := int64(0), int64(1001), true, false, "other", "windows"
	procMount := corev1.UnmaskedProcMount
	unconfined := &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined}
	appArmor := &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeLocalhost, LocalhostProfile: &name}
	inPod := func(change func(*corev1.PodSecurityContext)) func(*corev1.Pod) {
		return func(p *corev1.Pod) { change(p.Spec.SecurityContext) }
	}
	unmasked := func(p *corev1.Pod) {
		p.Spec.HostUsers, p.Spec.InitContainers[0].SecurityContext.ProcMount = &no, &procMount
	}
	tryPods(t, controller, pod, slices.Concat([]podAttempt{
		{"no security context", func(p *corev1.Pod) { p.Spec.SecurityContext = nil }, "must set securityContext.runAsUser"},
		{"no uid", inPod(func(s *corev1.PodSecurityContext) { s.RunAsUser = nil }), "must set securityContext.runAsUser"},
		{"a uid of the system", inPod(func(s *corev1.PodSecurityContext) { *s.RunAsUser = 999 }), "a UID of at least 1000"},
		{"no gid", inPod(func(s *corev1.PodSecurityContext) { s.RunAsGroup = nil }), "a GID of at least 1000"},
		{"group root", inPod(func(s *corev1.PodSecurityContext) { s.RunAsGroup = &zero }), "a GID of at least 1000"},
		{"maybe root", inPod(func(s *corev1.PodSecurityContext) { s.RunAsNonRoot = nil }), "securityContext.runAsNonRoot"},
		{"a group of the system", inPod(func(s *corev1.PodSecurityContext) { s.SupplementalGroups = []int64{999} }),
			"GIDs of at least 1000"},
		{"the groups of the image", inPod(func(s *corev1.PodSecurityContext) { s.SupplementalGroupsPolicy = nil }),
			"supplementalGroupsPolicy"},
		{"fsGroup", inPod(func(s *corev1.PodSecurityContext) { s.FSGroup = &one }), "fsGroup is not allowed"},
		{"no seccomp", inPod(func(s *corev1.PodSecurityContext) { s.SeccompProfile = nil }), "must set securityContext.seccompProfile"},
		{"unconfined", inPod(func(s *corev1.PodSecurityContext) { s.SeccompProfile = unconfined }), "must be RuntimeDefault"},
		{"another AppArmor profile", inPod(func(s *corev1.PodSecurityContext) { s.AppArmorProfile = appArmor }), "must be RuntimeDefault"},
		{"an SELinux type", inPod(func(s *corev1.PodSecurityContext) { s.SELinuxOptions = &corev1.SELinuxOptions{Type: "spc_t"} }),
			"a type other"},
		{"an SELinux role", inPod(func(s *corev1.PodSecurityContext) { s.SELinuxOptions = &corev1.SELinuxOptions{Role: "r"} }),
			"a user or role"},
		{"a sysctl", inPod(func(s *corev1.PodSecurityContext) { s.Sysctls = []corev1.Sysctl{{Name: "kernel.msgmax", Value: "1"}} }),
			"sysctls"},
		{"hostPID", func(p *corev1.Pod) { p.Spec.HostPID = true }, "hostPID is not allowed"},
		{"a user namespace", func(p *corev1.Pod) { p.Spec.HostUsers = &no }, "hostUsers must not be false"},
		{"/proc", unmasked, "procMount must be Default"},
		{"a Windows node", func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"kubernetes.io/os": windows} },
			"must run on Linux"},
		{"a Windows node by affinity", func(p *corev1.Pod) { p.Spec.Affinity = onOS("In", windows) }, "must select Linux"},
		{"no Linux node by affinity", func(p *corev1.Pod) { p.Spec.Affinity = onOS("NotIn", "linux") }, "must select Linux"},
		{"CRI-O", podAnnotated("io.kubernetes.cri-o.Devices", "/dev/sda"), "may weaken the confinement"},
		{"CRI-O's own domain", podAnnotated("seccomp.crio.io/x", "unconfined"), "may weaken the confinement"},
		{"AppArmor by an annotation", podAnnotated("container.apparmor.security.beta.kubernetes.io/mpi", "unconfined"),
			"must be RuntimeDefault"},
		{"no security context of a container", func(p *corev1.Pod) { p.Spec.Containers[0].SecurityContext = nil },
			"allowPrivilegeEscalation to false"},
	},
		inEach("setuid", "allowPrivilegeEscalation to false", func(s *corev1.SecurityContext) { s.AllowPrivilegeEscalation = nil }),
		inEach("privileged", "may be privileged",
			func(s *corev1.SecurityContext) { s.Privileged = &yes; s.AllowPrivilegeEscalation = nil }),
		inEach("capabilities", "drop the capability ALL", func(s *corev1.SecurityContext) { s.Capabilities = nil }),
		inEach("SETUID", "only the capability NET_BIND_SERVICE",
			func(s *corev1.SecurityContext) { s.Capabilities.Add = []corev1.Capability{"SETUID"} }),
		inEach("another uid", "with the UID of its pod", func(s *corev1.SecurityContext) { s.RunAsUser = &one }),
		inEach("root", "with the UID of its pod", func(s *corev1.SecurityContext) { s.RunAsUser = &zero }),
		inEach("another gid", "with the GID of its pod", func(s *corev1.SecurityContext) { s.RunAsGroup = &one }),
		inEach("group 0", "with the GID of its pod", func(s *corev1.SecurityContext) { s.RunAsGroup = &zero }),
		inEach("root of the image", "runAsNonRoot to false", func(s *corev1.SecurityContext) { s.RunAsNonRoot = &no }),
		inEach("unconfined", "must be RuntimeDefault", func(s *corev1.SecurityContext) { s.SeccompProfile = unconfined }),
		inEach("AppArmor", "must be RuntimeDefault", func(s *corev1.SecurityContext) { s.AppArmorProfile = appArmor }),
		inEach("SELinux", "a type other", func(s *corev1.SecurityContext) { s.SELinuxOptions = &corev1.SELinuxOptions{Type: "spc_t"} }),
		inEach("Windows options", "windowsOptions", func(s *corev1.SecurityContext) {
			s.WindowsOptions = &corev1.WindowsSecurityContextOptions{RunAsUserName: &name}
		}),
	))
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "tried", Namespace: namespace}}
	job.Spec.Template.Spec = *pod.Spec.DeepCopy()
	job.Spec.Template.Spec.RestartPolicy, job.Spec.Template.Spec.RuntimeClassName = corev1.RestartPolicyNever, &name
	if err := suite.Refused(controller.Create(t.Context(), job, client.DryRunAll),
		"must be listed in identity.runtimeClassNames"); err != nil {
		t.Errorf("a runtime class: %s", err) // in a template, because the API server wants that of a pod to exist
	}
	listed := "kata"
	job.Spec.Template.Spec.RuntimeClassName = &listed
	if err := controller.Create(t.Context(), job, client.DryRunAll); err != nil {
		t.Errorf("a listed runtime class: %s", err)
	}
}

// onOS returns an affinity to nodes by their operating system.
func onOS(operator corev1.NodeSelectorOperator, values ...string) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
			{Key: "kubernetes.io/os", Operator: operator, Values: values},
		}}},
	}}}
}
