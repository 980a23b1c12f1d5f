package randomjob

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

var podEdits = []func(editor){
	editor.setPod, editor.setPod, editor.setPod, editor.setPodContext,
	editor.agreeInPod, editor.agreeInPod, editor.annotatePod, editor.labelPod, editor.joinNode,
}

// joinNode is an edit of its own, because a random field of a pod is seldom this one.
func (e editor) joinNode() { e.template().Spec.HostNetwork = true }

func (e editor) setPod() { e.fillField(&e.template().Spec) }

func (e editor) podContext() *corev1.PodSecurityContext {
	spec := &e.template().Spec
	if spec.SecurityContext == nil {
		spec.SecurityContext = &corev1.PodSecurityContext{}
	}
	return spec.SecurityContext
}

func (e editor) setPodContext() { e.fillField(e.podContext()) }

// agreeing sets fields of a pod to values that agree with the identity.
var agreeing = []func(*corev1.PodSecurityContext){
	func(c *corev1.PodSecurityContext) { c.RunAsUser = new(Identity.UID) },
	func(c *corev1.PodSecurityContext) { c.RunAsGroup = new(Identity.GID) },
	func(c *corev1.PodSecurityContext) { c.RunAsNonRoot = new(true) },
	func(c *corev1.PodSecurityContext) { c.SupplementalGroups = slices.Clone(Identity.Groups) },
	func(c *corev1.PodSecurityContext) {
		c.SupplementalGroupsPolicy = new(corev1.SupplementalGroupsPolicyStrict)
	},
	func(c *corev1.PodSecurityContext) { c.FSGroup = nil },
	func(c *corev1.PodSecurityContext) { *c = corev1.PodSecurityContext{} },
}

func (e editor) agreeInPod() { pick(e, agreeing)(e.podContext()) }

// usualNotes are annotations that nothing reads, or that the policies write.
var usualNotes = []pair{
	{"kueue.x-k8s.io/podset-required-topology", []string{"rack", "host"}},
	{"prometheus.io/scrape", []string{"true", "false"}},
	{"files.run.ai/passwd", []string{"root:x:1234567:0::/:/bin/sh\n"}},
}

// oddNotes are annotations that container runtimes, schedulers or the policies read.
var oddNotes = []pair{
	{"container.apparmor.security.beta.kubernetes.io/mpi", []string{"unconfined", "runtime/default"}},
	{"container.seccomp.security.alpha.kubernetes.io/mpi", []string{"unconfined"}},
	{"seccomp.security.alpha.kubernetes.io/pod", []string{"unconfined"}},
	{"io.kubernetes.cri-o.userns-mode", []string{"auto"}},
	{"userns-mode.crio.io", []string{"auto"}},
	{"seccomp-profile.kubernetes.cri-o.io/POD", []string{"example/profile"}},
	{"seccomp-profile.crio.io/mpi", []string{"example/profile"}},
	{"run.oci.keep_original_groups", []string{"1"}},
	{"org.systemd.property.SuccessAction", []string{"'poweroff-force'"}},
	{"io.containers.trace-syscall", []string{"of:/tmp/calls"}},
	{"io.katacontainers.config.hypervisor.kernel_params", []string{"a"}},
	{"cdi.k8s.io/gpu", []string{"nvidia.com/gpu=all"}},
	{"note", []string{"a"}},
	{"run.ai/submitted-by", []string{"{}"}},
	{"files.run.ai/other", []string{"a"}},
	{"gpu-fraction", []string{"0.5"}},
}

func (e editor) annotatePod() { e.set(&e.template().Annotations, often(e, usualNotes, oddNotes)) }

func (e editor) labelPod() { e.set(&e.template().Labels, often(e, usualLabels, oddLabels)) }
