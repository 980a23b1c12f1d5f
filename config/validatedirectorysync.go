package config

import (
	"fmt"
	"math"
	"net/url"
	"path"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// Validate returns an error for each invalid value, with its key and the remedy.
func (d *DirectorySync) Validate() field.ErrorList {
	var errs field.ErrorList
	for _, part := range []func() field.ErrorList{d.validateKind, d.validateServers, d.validateAccounts, d.validateGroups, d.validateLimits} {
		errs = append(errs, part()...)
	}
	return errs
}

func (d *DirectorySync) validateKind() field.ErrorList {
	errs := slices.Concat(
		oneOf(field.NewPath("apiVersion"), d.APIVersion, v1alpha1.GroupVersion.String()),
		oneOf(field.NewPath("kind"), d.Kind, DirectorySyncKind),
		oneOf(field.NewPath("schema"), d.Schema, SchemaRFC2307, SchemaActiveDirectory),
	)
	if len(validation.IsDNS1123Label(d.Name)) > 0 || len(d.Name) > 30 { // it begins the names of PosixIdentities
		errs = append(errs, field.Invalid(field.NewPath("name"), d.Name, "must be at most 30 lower-case letters, digits and dashes, for example corp"))
	}
	return errs
}

func (d *DirectorySync) validateServers() field.ErrorList {
	errs := required(field.NewPath("servers"), d.Servers, "must list at least one URL, for example ldaps://ldap.example.com")
	for i, server := range d.Servers {
		if !isServer(server) {
			errs = append(errs, field.Invalid(field.NewPath("servers").Index(i), server,
				"must be ldaps://HOST or ldap://HOST, with a port if it is not the usual one, for example ldaps://ldap.example.com:3269"))
		}
	}
	errs = append(errs, positive(field.NewPath("timeout"), d.Timeout.Duration)...)
	errs = append(errs, between(field.NewPath("pageSize"), int64(d.PageSize), 1, 10000)...)
	switch {
	case d.BindDN != "" && d.PasswordFile == "":
		errs = append(errs, field.Required(field.NewPath("passwordFile"), "must be the file with the password of bindDN"))
	case d.BindDN == "" && d.PasswordFile != "":
		errs = append(errs, field.Required(field.NewPath("bindDN"), "must be the DN of the account whose password is in passwordFile"))
	}
	for key, file := range map[string]string{"caFile": d.CAFile, "passwordFile": d.PasswordFile} {
		if file != "" && !path.IsAbs(file) {
			errs = append(errs, field.Invalid(field.NewPath(key), file, "must be an absolute path"))
		}
	}
	return errs
}

func isServer(text string) bool {
	server, err := url.Parse(text)
	return err == nil && (server.Scheme == "ldap" || server.Scheme == "ldaps") && server.Hostname() != "" &&
		*server == url.URL{Scheme: server.Scheme, Host: server.Host}
}

func (d *DirectorySync) validateAccounts() field.ErrorList {
	at := field.NewPath("accounts")
	errs := required(at.Child("baseDNs"), d.Accounts.BaseDNs, "must list at least one DN, for example ou=people,dc=example,dc=com")
	if _, err := ParseSubject(d.Accounts.Subject); err != nil {
		errs = append(errs, field.Invalid(at.Child("subject"), d.Accounts.Subject, err.Error()))
	}
	errs = append(errs, between(field.NewPath("minUID"), d.MinUID, 1, math.MaxInt32)...)
	errs = append(errs, between(field.NewPath("maxUID"), d.MaxUID, max(d.MinUID, 1), math.MaxInt32)...)
	errs = append(errs, between(field.NewPath("minGID"), d.MinGID, 1, math.MaxInt32)...)
	return errs
}

func (d *DirectorySync) validateGroups() field.ErrorList {
	return oneOf(field.NewPath("groups", "membership"), d.Groups.Membership, ByMemberUID, ByMember, ByMemberOf)
}

func (d *DirectorySync) validateLimits() field.ErrorList {
	at := field.NewPath("limits")
	errs := slices.Concat(
		between(at.Child("minAccounts"), int64(d.Limits.MinAccounts), 1, math.MaxInt32),
		between(at.Child("maxEntries"), int64(d.Limits.MaxEntries), 1, 10_000_000),
		between(at.Child("maxVanishedPercent"), int64(d.Limits.MaxVanishedPercent), 0, 100),
	)
	if d.Grace.Duration < 0 {
		errs = append(errs, field.Invalid(field.NewPath("grace"), d.Grace.Duration.String(), "must not be negative"))
	}
	return errs
}

func required(at *field.Path, list []string, remedy string) field.ErrorList {
	if len(list) > 0 && !slices.Contains(list, "") {
		return nil
	}
	return field.ErrorList{field.Required(at, remedy)}
}

func between(at *field.Path, value, least, most int64) field.ErrorList {
	if value >= least && value <= most {
		return nil
	}
	return field.ErrorList{field.Invalid(at, value, fmt.Sprintf("must be from %d to %d", least, most))}
}
