package policy

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// loosening lists patterns of annotations with which a pod can weaken its own confinement, in current and
// older container runtimes and in older versions of Kubernetes. They are refused with any identity, also if
// the cluster policy lists them.
var loosening = []string{
	"container.apparmor.security.beta.kubernetes.io/*", "container.seccomp.security.alpha.kubernetes.io/*", "seccomp.security.alpha.kubernetes.io/*",
	"io.kubernetes.cri-o.*", "io.kubernetes.cri-o.*/*", "seccomp-profile.kubernetes.cri-o.io*", "seccomp-profile.kubernetes.cri-o.io*/*",
	"run.oci.*", "run.oci.*/*", "org.systemd.property.*", "org.systemd.property.*/*", "io.containers.trace-syscall*", "io.containers.trace-syscall*/*",
	"*.crio.io", "*.crio.io/*",
}

// tuning lists the annotations of CRI-O's own domain that only tune CPUs.
var tuning = []string{"cpu-*.crio.io", "cpu-*.crio.io/*", "irq-*.crio.io", "irq-*.crio.io/*"}

func isLoosening(key, _ string) bool {
	return matchesAny(loosening, key) && !matchesAny(tuning, key)
}

// openAnnotations returns patterns of the annotations that the templates of a job with an identity may have:
// those that the cluster policy lists, and ours.
func openAnnotations(in Input) []string {
	return append(slices.Clone(in.Cluster.Identity.PodAnnotations), annotations.FilesPrefix+"*")
}

// unlistedAnnotations returns an error for each annotation that nobody has listed: runtimes, their plugins and
// injectors read annotations, and no list of the dangerous ones is complete.
func unlistedAnnotations(template mpijob.Template, in Input) field.ErrorList {
	open := openAnnotations(in)
	unlisted := func(key, value string) bool {
		hasOwnError := isLoosening(key, value) || strings.HasPrefix(key, annotations.Prefix)
		return !hasOwnError && !matchesAny(open, key)
	}
	var errs field.ErrorList
	// rule T31 in test/forgery TestT31RuntimeAnnotations: what a runtime, a plugin of it or an injector reads
	// without: for _, key := range template.AnnotationsWith(unlisted)[:0] {
	for _, key := range template.AnnotationsWith(unlisted) {
		errs = append(errs, field.Forbidden(template.Path.Child("metadata", "annotations").Key(key),
			"is not allowed in project "+in.Project.Name+", because it may change the pod: "+
				"remove it, or ask your administrator to list it in identity.podAnnotations"))
	}
	return errs
}
