package config

import (
	"encoding/json"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// Kind is the file's kind. Its API version is v1alpha1.GroupVersion.
const Kind = "ClusterPolicy"

// ClusterPolicy is the policy of a whole cluster. default.yaml documents every key.
type ClusterPolicy struct {
	metav1.TypeMeta `json:",inline"`

	ProjectLabel  string                `json:"projectLabel"`
	NodeTypeLabel string                `json:"nodeTypeLabel"`
	Scheduling    Scheduling            `json:"scheduling"`
	GPU           GPU                   `json:"gpu"`
	GitSync       GitSync               `json:"gitSync"`
	LargeShm      LargeShm              `json:"largeShm"`
	Workers       Workers               `json:"workers"`
	Identity      Identity              `json:"identity"`
	SSH           SSH                   `json:"ssh"`
	Start         Start                 `json:"start"`
	Restrictions  v1alpha1.Restrictions `json:"restrictions"`
	SharedStorage SharedStorage         `json:"sharedStorage"`
	MultiKueue    MultiKueue            `json:"multiKueue"`
}

// Scheduling chooses the scheduler and the queue label. An empty value writes nothing.
type Scheduling struct {
	SchedulerName string `json:"schedulerName"`
	QueueLabel    string `json:"queueLabel"`
}

// GPU chooses how whole GPUs and fractions of GPUs are requested.
type GPU struct {
	Fractions    FractionBackend     `json:"fractions"`
	ResourceName corev1.ResourceName `json:"resourceName"`
}

// FractionBackend is the scheduler that gives pods fractions of a GPU.
type FractionBackend string

// The fraction backends.
const (
	FractionsNone FractionBackend = "None"
	FractionsKAI  FractionBackend = "KAI"
)

// GitSync configures the init container that clones a repository.
type GitSync struct {
	Image         string          `json:"image"`
	Timeout       metav1.Duration `json:"timeout"`
	DefaultTarget string          `json:"defaultTarget"`
}

// LargeShm bounds /dev/shm.
type LargeShm struct {
	MaxSize MaxSize `json:"maxSize"`
}

// MaxSize is a limit in bytes. 0, written as "", means no limit.
type MaxSize annotations.Bytes

// UnmarshalText reads a quantity or an empty text.
func (m *MaxSize) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*m = 0
		return nil
	}
	if err := (*annotations.Bytes)(m).UnmarshalText(text); err != nil {
		return err
	}
	return nil
}

// Workers bounds the number of workers.
type Workers struct {
	Max int32 `json:"max"`
}

// Identity configures the sources of submitters' ids, and which ids are accepted.
type Identity struct {
	Sources                  []IdentitySource         `json:"sources"`
	Claims                   Claims                   `json:"claims"`
	TrustedSources           []string                 `json:"trustedSources"`
	MinUID                   int64                    `json:"minUID"`
	MinGID                   int64                    `json:"minGID"`
	SupplementalGroupsPolicy SupplementalGroupsPolicy `json:"supplementalGroupsPolicy"`
	RuntimeClassNames        []string                 `json:"runtimeClassNames"`
	LocalhostProfiles        []string                 `json:"localhostProfiles"`
	PodAnnotations           []string                 `json:"podAnnotations"`
}

// Reads reports whether the sources include the given one.
func (i Identity) Reads(source IdentitySource) bool { return slices.Contains(i.Sources, source) }

// IdentitySource is a source of identities.
type IdentitySource string

// The identity sources.
const (
	SourceClaims    IdentitySource = "Claims"
	SourceDirectory IdentitySource = "Directory"
	SourceClient    IdentitySource = "Client"
)

// Claims names the keys of the request's userInfo.extra that carry an identity.
type Claims struct {
	UID    string `json:"uid"`
	GID    string `json:"gid"`
	Groups string `json:"groups"`
	Name   string `json:"name"`
	Source string `json:"source"`
}

// SupplementalGroupsPolicy is Strict if groups of the image's /etc/group are ignored, else Off.
type SupplementalGroupsPolicy string

// The supplemental groups policies. Off is for container runtimes that do not support Strict.
const (
	GroupsStrict SupplementalGroupsPolicy = "Strict"
	GroupsOff    SupplementalGroupsPolicy = "Off"
)

// UnmarshalJSON reads the policy. In YAML an unquoted Off is the boolean false.
func (s *SupplementalGroupsPolicy) UnmarshalJSON(text []byte) error {
	if string(text) == "false" {
		*s = GroupsOff
		return nil
	}
	return json.Unmarshal(text, (*string)(s))
}

// SSH configures the sshd that runs as a job's user.
type SSH struct {
	Port int32 `json:"port"`
}

// Start configures how the launcher waits for its workers.
type Start struct {
	Gate       bool            `json:"gate"`
	Timeout    metav1.Duration `json:"timeout"`
	MaxTimeout metav1.Duration `json:"maxTimeout"`
}

// SharedStorage lists the storage outside of claims that jobs may mount where the project requires an
// identity.
type SharedStorage struct {
	HostPaths  []string             `json:"hostPaths"`
	NFS        []string             `json:"nfs"`
	CSIDrivers []string             `json:"csiDrivers"`
	SubPaths   v1alpha1.Restriction `json:"subPaths"`
}

// MultiKueue lists the usernames of MultiKueue managers, whose copies of jobs are recognised.
type MultiKueue struct {
	Submitters []string `json:"submitters"`
}
