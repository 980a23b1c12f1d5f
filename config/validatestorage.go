package config

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/paths"
)

func (p *ClusterPolicy) validateStorage() field.ErrorList {
	path := field.NewPath("sharedStorage")
	return slices.Concat(
		eachValid(path.Child("hostPaths"), p.SharedStorage.HostPaths, isDirectory, "must be a clean absolute path other than /, for example /scratch"),
		eachValid(path.Child("nfs"), p.SharedStorage.NFS, isExport, "must be SERVER:/PATH with a clean path, for example nas.example.com:/export/scratch"),
		eachValid(path.Child("csiDrivers"), p.SharedStorage.CSIDrivers, isName, "must be the name of a CSI driver, for example secrets-store.csi.k8s.io"),
		oneOf(path.Child("subPaths"), p.SharedStorage.SubPaths, v1alpha1.Allow, v1alpha1.Deny),
	)
}

func eachValid(path *field.Path, values []string, isValid func(string) bool, problem string) field.ErrorList {
	var errs field.ErrorList
	for i, value := range values {
		switch {
		case !isValid(value):
			errs = append(errs, field.Invalid(path.Index(i), value, problem))
		case slices.Contains(values[:i], value):
			errs = append(errs, field.Duplicate(path.Index(i), value))
		}
	}
	return errs
}

func isDirectory(text string) bool {
	return text != "/" && paths.Absolute(text) == text && !strings.Contains(text, ":")
}

func isExport(text string) bool {
	server, export, found := strings.Cut(text, ":/")
	return found && server != "" && !strings.ContainsAny(server, "/ \t\n") && isDirectory("/"+export)
}

func isName(text string) bool { return len(validation.IsDNS1123Subdomain(text)) == 0 }

// isAnnotationPattern reports whether a text is the key of an annotation, or DOMAIN/* for all of a domain.
func isAnnotationPattern(text string) bool {
	if domain, isAll := strings.CutSuffix(text, "/*"); isAll {
		return isName(domain)
	}
	return len(validation.IsQualifiedName(text)) == 0
}
