package forgery

import (
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const conflicts = ", which sets "

// A user sets another user's IDs in every field that takes IDs.
func TestT01OtherIDs(t *testing.T) {
	bob, root, no := int64(1001), int64(0), false
	var attempts []attempt
	for who, id := range map[string]*int64{"bob": &bob, "root": &root} {
		for role, in := range map[string]func(func(*corev1.PodSpec)) func(*v2beta1.MPIJob){"launcher": inLauncher, "worker": inWorker} {
			attempts = append(attempts,
				attempt{who + "'s uid on the pod of a " + role, in(func(spec *corev1.PodSpec) { securityOf(spec).RunAsUser = id }),
					conflicts + "1234567"},
				attempt{who + "'s gid on the pod of a " + role, in(func(spec *corev1.PodSpec) { securityOf(spec).RunAsGroup = id }),
					conflicts + "54000"},
				attempt{who + "'s uid on a container of a " + role,
					in(func(spec *corev1.PodSpec) { containerSecurityOf(spec).RunAsUser = id }), conflicts + "1234567"},
				attempt{who + "'s gid on a container of a " + role,
					in(func(spec *corev1.PodSpec) { containerSecurityOf(spec).RunAsGroup = id }), conflicts + "54000"},
				attempt{who + "'s uid on a sidecar of a " + role, in(func(spec *corev1.PodSpec) {
					spec.Containers = append(spec.Containers,
						corev1.Container{Name: "side", Image: "x", SecurityContext: &corev1.SecurityContext{RunAsUser: id}})
				}), conflicts + "1234567"},
				attempt{who + "'s uid on an init container of a " + role, in(func(spec *corev1.PodSpec) {
					spec.InitContainers = append(spec.InitContainers,
						corev1.Container{Name: "first", Image: "x", SecurityContext: &corev1.SecurityContext{RunAsUser: id}})
				}), conflicts + "1234567"},
			)
		}
		attempts = append(attempts, attempt{who + "'s uid in a role of its own", func(job *v2beta1.MPIJob) {
			other := job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].DeepCopy()
			securityOf(&other.Template.Spec).RunAsUser = id
			job.Spec.MPIReplicaSpecs["Other"] = other
		}, conflicts + "1234567"})
	}
	try(t, "t01", append(attempts,
		attempt{"whatever user the image has", inWorker(func(spec *corev1.PodSpec) { securityOf(spec).RunAsNonRoot = &no }),
			conflicts + "true"},
		attempt{"whatever user the container's image has",
			inWorker(func(spec *corev1.PodSpec) { containerSecurityOf(spec).RunAsNonRoot = &no }), conflicts + "true"},
	))
}

// A user sets other IDs without requesting run-as-user, or declines it.
func TestT03NotAsking(t *testing.T) {
	namespace, alice := product.AddProject(t, "t03", required), login(t, broker, alices)
	other := mpijobtest.MakeMPIJob("other", namespace).Both(func(template *corev1.PodTemplateSpec) {
		uid := int64(1001)
		securityOf(&template.Spec).RunAsUser = &uid
	}).Obj()
	isRefused(t, "other ids", alice.Create(t.Context(), other), conflicts+"1234567")
	declined := mpijobtest.MakeMPIJob("declined", namespace).Annotation(annotations.RunAsUserKey, "false").Obj()
	isRefused(t, "declining", alice.Create(t.Context(), declined), "requires jobs to run as their user")
	suite.Create(t, alice, mpijobtest.MakeMPIJob("silent", namespace).Obj())
	runsAs(t, product.Job(t, namespace, "silent"), "saml:alice", 1234567, 54000)
	job := product.Job(t, namespace, "silent")
	job.Annotations[annotations.RunAsUserKey] = "false"
	isRefused(t, "declining afterwards", alice.Update(t.Context(), job), "cannot be changed after submission")
}

// A user sets groups without being a member.
func TestT04OtherGroups(t *testing.T) {
	group, merge := int64(60009), corev1.SupplementalGroupsPolicyMerge
	try(t, "t04", []attempt{
		{"fsGroup", inWorker(func(spec *corev1.PodSpec) { securityOf(spec).FSGroup = &group }),
			"it adds a group that the user may not belong to"},
		{"a group more", inWorker(func(spec *corev1.PodSpec) { securityOf(spec).SupplementalGroups = []int64{60001, 60002, group} }),
			conflicts + "60001,60002"},
		{"another group", inLauncher(func(spec *corev1.PodSpec) { securityOf(spec).SupplementalGroups = []int64{group} }),
			conflicts + "60001,60002"},
		{"the image's groups", inWorker(func(spec *corev1.PodSpec) { securityOf(spec).SupplementalGroupsPolicy = &merge }),
			conflicts + `"Strict"`},
	})
}

// A user requests privileges that make their own uid irrelevant.
func TestT07Privileges(t *testing.T) {
	yes, no, unmasked, class, profile := true, false, corev1.UnmaskedProcMount, "kata", "open.json"
	with := func(change func(*corev1.SecurityContext)) func(*v2beta1.MPIJob) {
		return inWorker(func(spec *corev1.PodSpec) { change(containerSecurityOf(spec)) })
	}
	try(t, "t07", []attempt{
		{"privileged", with(func(s *corev1.SecurityContext) { s.Privileged = &yes }), conflicts + "false"},
		{"escalation", with(func(s *corev1.SecurityContext) { s.AllowPrivilegeEscalation = &yes }), conflicts + "false"},
		{"setuid", with(func(s *corev1.SecurityContext) {
			s.Capabilities = &corev1.Capabilities{Add: []corev1.Capability{"SETUID"}}
		}), "cannot be used with the identity that project t07 requires: remove it"},
		{"an unmasked /proc", with(func(s *corev1.SecurityContext) { s.ProcMount = &unmasked }), "procMount Unmasked cannot be used"},
		{"no seccomp", with(func(s *corev1.SecurityContext) {
			s.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined}
		}), "seccompProfile Unconfined cannot be used"},
		{"no AppArmor", with(func(s *corev1.SecurityContext) {
			s.AppArmorProfile = &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeUnconfined}
		}), "appArmorProfile Unconfined cannot be used"},
		{"a seccomp profile of the node", inLauncher(func(spec *corev1.PodSpec) {
			securityOf(spec).SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeLocalhost, LocalhostProfile: &profile}
		}), "ask your administrator to add it to identity.localhostProfiles"},
		{"an AppArmor profile of the node", with(func(s *corev1.SecurityContext) {
			s.AppArmorProfile = &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeLocalhost, LocalhostProfile: &profile}
		}), "ask your administrator to add it to identity.localhostProfiles"},
		{"a Windows node", inWorker(func(spec *corev1.PodSpec) {
			spec.NodeSelector = map[string]string{corev1.LabelOSStable: "windows"}
			spec.DNSPolicy = corev1.DNSDefault // a node selector alone may be updated
		}), "Windows has no POSIX users"},
		{"another SELinux user", with(func(s *corev1.SecurityContext) { s.SELinuxOptions = &corev1.SELinuxOptions{User: "system_u"} }),
			"seLinuxOptions"},
		{"a user namespace", inWorker(func(spec *corev1.PodSpec) { spec.HostUsers = &no }), "it maps the user's ids to other users' ids"},
		{"the node's processes", inWorker(func(spec *corev1.PodSpec) { spec.HostPID = true }), "it exposes the node's processes"},
		{"another runtime", inWorker(func(spec *corev1.PodSpec) { spec.RuntimeClassName = &class }),
			"ask your administrator to add it to identity.runtimeClassNames"},
		{"a sysctl", inWorker(func(spec *corev1.PodSpec) {
			securityOf(spec).Sysctls = []corev1.Sysctl{{Name: "kernel.msgmax", Value: "1"}}
		}), "sysctl kernel.msgmax cannot be used"},
		{"an ephemeral container", inWorker(func(spec *corev1.PodSpec) {
			spec.EphemeralContainers = []corev1.EphemeralContainer{
				{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "e", Image: "x"}},
			}
		}), "are not allowed in a pod template"},
		{"an annotation of a runtime", func(job *v2beta1.MPIJob) {
			template := &job.Spec.MPIReplicaSpecs[v2beta1.MPIReplicaTypeWorker].Template
			if template.Annotations == nil {
				template.Annotations = map[string]string{}
			}
			template.Annotations["io.kubernetes.cri-o.userns-mode"] = "auto"
		}, "it may weaken the confinement of the containers"},
	})
}
