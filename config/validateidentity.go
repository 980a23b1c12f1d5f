package config

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

func (p *ClusterPolicy) validateIdentity() field.ErrorList {
	path := field.NewPath("identity")
	errs := slices.Concat(
		p.Identity.validateSources(path),
		p.Identity.Claims.validate(path.Child("claims")),
		oneOf(path.Child("supplementalGroupsPolicy"), p.Identity.SupplementalGroupsPolicy, GroupsStrict, GroupsOff),
		eachValid(path.Child("localhostProfiles"), p.Identity.LocalhostProfiles, func(name string) bool { return name != "" },
			"must be the name of a profile, for example profiles/mpi.json"),
		eachValid(path.Child("podAnnotations"), p.Identity.PodAnnotations, isAnnotationPattern,
			"must be the key of an annotation, or DOMAIN/* for all keys of a domain, for example example.com/*"),
	)
	for _, id := range []struct {
		key   string
		value int64
	}{{"minUID", p.Identity.MinUID}, {"minGID", p.Identity.MinGID}} {
		if id.value < 1 || id.value > 1<<31-1 {
			errs = append(errs, field.Invalid(path.Child(id.key), id.value, "must be an id from 1 to 2147483647 (0 is root)"))
		}
	}
	return errs
}

func (i Identity) validateSources(path *field.Path) field.ErrorList {
	if len(i.Sources) == 0 {
		return field.ErrorList{field.Required(path.Child("sources"), "must list at least one of Claims, Directory and Client")}
	}
	var errs field.ErrorList
	for n, source := range i.Sources {
		at := path.Child("sources").Index(n)
		errs = append(errs, oneOf(at, source, SourceClaims, SourceDirectory, SourceClient)...)
		if slices.Contains(i.Sources[:n], source) {
			errs = append(errs, field.Duplicate(at, source))
		}
	}
	return errs
}

// validate requires the keys of the UID and the GID. The other keys may be empty, and are then not read.
func (c Claims) validate(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.UID == "" {
		errs = append(errs, field.Required(path.Child("uid"), "must be the key of userInfo.extra with the UID"))
	}
	if c.GID == "" {
		errs = append(errs, field.Required(path.Child("gid"), "must be the key of userInfo.extra with the GID"))
	}
	return errs
}
