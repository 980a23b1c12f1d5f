package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

const identityName = "identity"

// Identity makes every process of the job run as the submitter, and prevents each from becoming another
// user. Different ids in the job are refused and not replaced, because their author may rely on them.
var Identity = Policy{
	Name: identityName,
	Doc: Doc{
		Does: "Sets the submitter's UID, GID and groups on every pod, with `runAsNonRoot`, `supplementalGroupsPolicy: Strict` " +
			"and the seccomp profile `RuntimeDefault`. " +
			"On every container, forbids privilege escalation and drops all capabilities except `NET_BIND_SERVICE`, and on the node's network that one too. " +
			"Other ids are refused, and so is everything by which a process with the right ids could become another user. " +
			"Where the project requires an identity, storage, Secrets of other jobs and annotations of pods by which a job could reach " +
			"what belongs to another user are refused too.",
		Applies: "To a job that sets `run.ai/run-as-user: \"true\"`, and to every job in a project with `identity: Required`.",
		Reads: []string{
			annotations.RunAsUserKey, annotations.ClientIdentityKey, "Project spec.identity", "identity.sources", "identity.claims", "identity.trustedSources",
			"identity.minUID", "identity.minGID", "identity.supplementalGroupsPolicy", "identity.runtimeClassNames",
			"identity.localhostProfiles", "identity.podAnnotations", "sharedStorage", "Project spec.sharedStorage",
		},
	},
	AppliesTo: hasIdentity,
	Ensure:    ensureIdentity,
	Warn: func(job *v2beta1.MPIJob, in Input) []string {
		return append(warnForeignIDs(job, in), warnNoLowPorts(job, in)...)
	},
	Owns: func(_ *v2beta1.MPIJob, in Input) Ownership {
		owned := Ownership{
			Annotations: loosening, // not written, but no update may add one
			Fields: []string{
				"template.spec.securityContext", "template.spec.containers[*].securityContext", "template.spec.initContainers[*].securityContext",
			},
		}
		// rule T31 in test/forgery TestT31RuntimeAnnotations: to add one to a stored job
		if in.Identity != nil {
			owned.OpenAnnotations = openAnnotations(in)
		}
		return owned
	},
	Undo:  undoIdentity,
	Holds: holdsIdentity,
}

func hasIdentity(_ *v2beta1.MPIJob, in Input) bool { return in.Identity != nil }

func ensureIdentity(job *v2beta1.MPIJob, in Input) field.ErrorList {
	var errs field.ErrorList
	for _, template := range mpijob.Templates(job) {
		errs = append(errs, ensurePodIdentity(template, in)...)
		for _, container := range template.Containers() {
			errs = append(errs, ensureContainerIdentity(container, capabilitiesWithIdentity(template.Spec), in)...)
		}
		errs = append(errs, loosens(template, in.Cluster.Identity)...)
	}
	errs = append(errs, reaches(job, in)...)
	for _, err := range errs {
		err.Detail = strings.Replace(err.Detail, annotations.RunAsUserKey, identityAsker(in), 1)
	}
	return errs
}

// identityAsker names what requests the identity: the annotation, or the project of a job without it.
func identityAsker(in Input) string {
	if in.Intent.RunAsUser == nil && in.Project.Spec.Identity == v1alpha1.IdentityRequired {
		return "the identity that project " + in.Project.Name + " requires"
	}
	return annotations.RunAsUserKey
}

func ensurePodIdentity(template mpijob.Template, in Input) field.ErrorList {
	if template.Spec.SecurityContext == nil {
		template.Spec.SecurityContext = &corev1.PodSecurityContext{}
	}
	pod, nonRoot := template.Spec.SecurityContext, true
	path := func(name string) *field.Path { return template.Path.Child("spec", "securityContext", name) }
	errs := slices.Concat(
		// rule T01 in test/forgery TestT01OtherIDs: another uid on a pod
		ensurePointer(&pod.RunAsUser, in.Identity.UID, path, "runAsUser", annotations.RunAsUserKey),
		// rule T01 in test/forgery TestT01OtherIDs: another gid on a pod
		ensurePointer(&pod.RunAsGroup, in.Identity.GID, path, "runAsGroup", annotations.RunAsUserKey),
		ensureGroups(pod, in.Identity.Groups, path),
		ensurePointer(&pod.RunAsNonRoot, nonRoot, path, "runAsNonRoot", annotations.RunAsUserKey),
	)
	// rule T04 in test/forgery TestT04OtherGroups: the groups of the image
	// rule T05 in test/e2e TestT05GroupsOfTheImage: an image whose /etc/group names the user
	if in.Cluster.Identity.SupplementalGroupsPolicy == config.GroupsStrict {
		errs = append(errs, ensurePointer(&pod.SupplementalGroupsPolicy, corev1.SupplementalGroupsPolicyStrict,
			path, "supplementalGroupsPolicy", annotations.RunAsUserKey)...)
	}
	if pod.SeccompProfile == nil {
		pod.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
	}
	return errs
}

func ensureGroups(pod *corev1.PodSecurityContext, groups []int64, path pathTo) field.ErrorList {
	const name = "supplementalGroups"
	if len(pod.SupplementalGroups) == 0 && len(groups) > 0 {
		pod.SupplementalGroups = slices.Clone(groups)
	}
	// rule T04 in test/forgery TestT04OtherGroups: a supplementary group
	if own := sorted(pod.SupplementalGroups); !slices.Equal(own, groups) && len(own)+len(groups) > 0 {
		if len(groups) == 0 {
			return field.ErrorList{field.Invalid(path(name), joined(own), "conflicts with "+sets(annotations.RunAsUserKey)+" no groups: remove this field")}
		}
		return field.ErrorList{conflicts(path(name), joined(own), sets(annotations.RunAsUserKey), joined(groups))}
	}
	return nil
}

// sorted returns the ids in ascending order. They may be in it already.
func sorted(ids []int64) []int64 {
	if slices.IsSorted(ids) {
		return ids
	}
	return slices.Sorted(slices.Values(ids))
}

func joined(ids []int64) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(ids), " ", ","), "[]")
}

func ensureContainerIdentity(container mpijob.Container, capabilities []corev1.Capability, in Input) field.ErrorList {
	if container.SecurityContext == nil {
		container.SecurityContext = &corev1.SecurityContext{}
	}
	context := container.SecurityContext
	path := func(name string) *field.Path { return container.Path().Child("securityContext", name) }
	errs := slices.Concat(
		// rule T01 in test/forgery TestT01OtherIDs: another uid on a container
		// rule T02 in test/oracle FuzzEffectiveIdentity: random jobs
		// rule T02 in test/oracle/apiserver TestT02RandomJobs: random jobs on the API server
		ensureAgrees(context.RunAsUser, in.Identity.UID, path, "runAsUser", annotations.RunAsUserKey),
		// rule T01 in test/forgery TestT01OtherIDs: another gid on a container
		ensureAgrees(context.RunAsGroup, in.Identity.GID, path, "runAsGroup", annotations.RunAsUserKey),
		// rule T01 in test/forgery TestT01OtherIDs: root, if it is the image's user
		ensureAgrees(context.RunAsNonRoot, true, path, "runAsNonRoot", annotations.RunAsUserKey),
		// rule T07 in test/forgery TestT07Privileges: privileged
		ensureAgrees(context.Privileged, false, path, "privileged", annotations.RunAsUserKey),
		// rule T07 in test/forgery TestT07Privileges: allowPrivilegeEscalation
		// rule T07 in test/e2e TestT07SetuidProgram: a setuid program in the image
		ensurePointer(&context.AllowPrivilegeEscalation, false, path, "allowPrivilegeEscalation", annotations.RunAsUserKey),
	)
	return append(errs, ensureCapabilities(context, capabilities, path)...)
}
