package config

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DirectorySync says how PosixIdentities are made from the accounts of an LDAP server or of Active Directory.
// directorysync.yaml documents every key.
type DirectorySync struct {
	APIVersion string `json:"apiVersion,omitempty"`
	Kind       string `json:"kind,omitempty"`

	Name         string          `json:"name,omitempty"`
	Servers      []string        `json:"servers,omitempty"`
	StartTLS     bool            `json:"startTLS,omitempty"`
	CAFile       string          `json:"caFile,omitempty"`
	BindDN       string          `json:"bindDN,omitempty"`
	PasswordFile string          `json:"passwordFile,omitempty"`
	Timeout      metav1.Duration `json:"timeout,omitempty"`
	PageSize     int32           `json:"pageSize,omitempty"`
	Schema       DirectorySchema `json:"schema,omitempty"`
	MinUID       int64           `json:"minUID,omitempty"`
	MaxUID       int64           `json:"maxUID,omitempty"`
	MinGID       int64           `json:"minGID,omitempty"`
	Grace        metav1.Duration `json:"grace,omitempty"`
	Accounts     Accounts        `json:"accounts,omitempty"`
	Groups       Groups          `json:"groups,omitempty"`
	Limits       DirectoryLimits `json:"limits,omitempty"`
}

// A DirectorySchema is a set of attribute names and filters.
type DirectorySchema string

// The schemas.
const (
	SchemaRFC2307         DirectorySchema = "RFC2307"
	SchemaActiveDirectory DirectorySchema = "ActiveDirectory"
)

// Accounts says which entries are accounts, and what is read of them.
type Accounts struct {
	BaseDNs  []string `json:"baseDNs,omitempty"`
	Filter   string   `json:"filter,omitempty"`
	Subject  string   `json:"subject,omitempty"`
	UID      string   `json:"uid,omitempty"`
	GID      string   `json:"gid,omitempty"`
	UserName string   `json:"userName,omitempty"`
	Home     string   `json:"home,omitempty"`
}

// A Membership is the attribute that says who is in a group.
type Membership string

// The memberships.
const (
	ByMemberUID Membership = "memberUid"
	ByMember    Membership = "member"
	ByMemberOf  Membership = "memberOf"
)

// Groups says which entries are groups, and who is in them.
type Groups struct {
	BaseDNs    []string   `json:"baseDNs,omitempty"`
	Filter     string     `json:"filter,omitempty"`
	GID        string     `json:"gid,omitempty"`
	Membership Membership `json:"membership,omitempty"`
}

// DirectoryLimits says which answers of a directory cannot be right.
type DirectoryLimits struct {
	MinAccounts        int32 `json:"minAccounts,omitempty"`
	MaxEntries         int32 `json:"maxEntries,omitempty"`
	MaxVanishedPercent int32 `json:"maxVanishedPercent,omitempty"`
}

// presets are the values of the keys that a file leaves empty.
var presets = map[DirectorySchema]struct {
	accounts Accounts
	groups   Groups
}{
	SchemaRFC2307: {
		Accounts{Filter: "(objectClass=posixAccount)", UID: "uidNumber", GID: "gidNumber", UserName: "uid", Home: "homeDirectory"},
		Groups{Filter: "(objectClass=posixGroup)", GID: "gidNumber", Membership: ByMemberUID},
	},
	SchemaActiveDirectory: {
		// The last part leaves out accounts that are disabled.
		Accounts{
			Filter: "(&(objectCategory=person)(objectClass=user)(uidNumber=*)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
			UID:    "uidNumber", GID: "gidNumber", UserName: "sAMAccountName", Home: "unixHomeDirectory",
		},
		Groups{Filter: "(objectClass=group)", GID: "gidNumber", Membership: ByMemberOf},
	},
}

// withPreset sets the keys that a file leaves empty.
func (d *DirectorySync) withPreset() {
	preset := presets[d.Schema]
	for key, value := range map[*string]string{
		&d.Accounts.Filter: preset.accounts.Filter, &d.Accounts.UID: preset.accounts.UID, &d.Accounts.GID: preset.accounts.GID,
		&d.Accounts.UserName: preset.accounts.UserName, &d.Accounts.Home: preset.accounts.Home,
		&d.Groups.Filter: preset.groups.Filter, &d.Groups.GID: preset.groups.GID,
	} {
		if *key == "" {
			*key = value
		}
	}
	if d.Groups.Membership == "" {
		d.Groups.Membership = preset.groups.Membership
	}
}
