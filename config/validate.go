package config

import (
	"path"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/paths"
	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// Validate returns an error for each invalid value, with its key and the remedy.
func (p *ClusterPolicy) Validate() field.ErrorList {
	var errs field.ErrorList
	for _, part := range []func() field.ErrorList{
		p.validateKind, p.validateLabels, p.validateScheduling, p.validateGPU, p.validateGitSync,
		p.validateWorkers, p.validateIdentity, p.validateStart, p.validateRestrictions, p.validateStorage,
	} {
		errs = append(errs, part()...)
	}
	return errs
}

func (p *ClusterPolicy) validateKind() field.ErrorList {
	return slices.Concat(
		oneOf(field.NewPath("apiVersion"), p.APIVersion, v1alpha1.GroupVersion.String()),
		oneOf(field.NewPath("kind"), p.Kind, Kind),
	)
}

func (p *ClusterPolicy) validateLabels() field.ErrorList {
	return slices.Concat(
		labelKey(field.NewPath("projectLabel"), p.ProjectLabel),
		labelKey(field.NewPath("nodeTypeLabel"), p.NodeTypeLabel),
	)
}

func (p *ClusterPolicy) validateScheduling() field.ErrorList {
	path := field.NewPath("scheduling")
	var errs field.ErrorList
	if p.Scheduling.QueueLabel != "" {
		errs = append(errs, labelKey(path.Child("queueLabel"), p.Scheduling.QueueLabel)...)
	}
	if name := p.Scheduling.SchedulerName; name != "" && len(validation.IsDNS1123Subdomain(name)) > 0 {
		errs = append(errs, field.Invalid(path.Child("schedulerName"), name, "must be the name of a scheduler, for example kai-scheduler"))
	}
	return errs
}

func (p *ClusterPolicy) validateGPU() field.ErrorList {
	path := field.NewPath("gpu")
	errs := oneOf(path.Child("fractions"), p.GPU.Fractions, FractionsNone, FractionsKAI)
	if p.GPU.Fractions == FractionsKAI && p.Scheduling.SchedulerName == "" {
		errs = append(errs, field.Required(field.NewPath("scheduling", "schedulerName"),
			"gpu.fractions KAI needs the KAI scheduler: set its name, for example kai-scheduler, or set gpu.fractions to None"))
	}
	return append(errs, labelKey(path.Child("resourceName"), string(p.GPU.ResourceName))...)
}

func (p *ClusterPolicy) validateGitSync() field.ErrorList {
	at := field.NewPath("gitSync")
	errs := positive(at.Child("timeout"), p.GitSync.Timeout.Duration)
	if p.GitSync.Image == "" {
		errs = append(errs, field.Required(at.Child("image"), "must be an image of git-sync v4"))
	}
	switch target := p.GitSync.DefaultTarget; {
	case !path.IsAbs(target) || path.Clean(target) != target || target == "/":
		errs = append(errs, field.Invalid(at.Child("defaultTarget"), target, "must be a clean absolute path other than /, for example /code"))
	case paths.NeededBySystem(target):
		errs = append(errs, field.Invalid(at.Child("defaultTarget"), target, "would hide files that the container needs: use another path, for example /code"))
	}
	return errs
}

func (p *ClusterPolicy) validateWorkers() field.ErrorList {
	if p.Workers.Max > 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("workers", "max"), p.Workers.Max, "must be a whole number above 0, for example 10000")}
}

func (p *ClusterPolicy) validateStart() field.ErrorList {
	path := field.NewPath("start")
	errs := positive(path.Child("timeout"), p.Start.Timeout.Duration)
	if p.Start.MaxTimeout.Duration < p.Start.Timeout.Duration {
		errs = append(errs, field.Invalid(path.Child("maxTimeout"), p.Start.MaxTimeout.Duration.String(), "must be at least start.timeout"))
	}
	// Not every container runtime lets a process that is not root listen on a port below 1024.
	if p.SSH.Port < 1024 || p.SSH.Port > 65535 {
		errs = append(errs, field.Invalid(field.NewPath("ssh", "port"), p.SSH.Port, "must be a port from 1024 to 65535"))
	}
	return errs
}

func (p *ClusterPolicy) validateRestrictions() field.ErrorList {
	path := field.NewPath("restrictions")
	return slices.Concat(
		oneOf(path.Child("hostPath"), p.Restrictions.HostPath, v1alpha1.Allow, v1alpha1.Deny),
		oneOf(path.Child("hostNetwork"), p.Restrictions.HostNetwork, v1alpha1.Allow, v1alpha1.Deny),
		oneOf(path.Child("hostIPC"), p.Restrictions.HostIPC, v1alpha1.Allow, v1alpha1.Deny),
	)
}

func oneOf[T ~string](path *field.Path, value T, valid ...T) field.ErrorList {
	if slices.Contains(valid, value) {
		return nil
	}
	return field.ErrorList{{Type: field.ErrorTypeNotSupported, Field: path.String(), BadValue: value, Detail: "must be " + suggest.OneOf(valid...)}}
}

func labelKey(path *field.Path, key string) field.ErrorList {
	if len(validation.IsQualifiedName(key)) > 0 {
		return field.ErrorList{field.Invalid(path, key, "must be a qualified name, for example example.com/name")}
	}
	return nil
}

func positive(path *field.Path, duration time.Duration) field.ErrorList {
	if duration > 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(path, duration.String(), "must be a duration above 0, for example 120s")}
}
