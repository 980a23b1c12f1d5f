// Package annotations is the intent contract: what a submitter asks of the cluster, written as
// annotations on an MPIJob's metadata. It spells every key once, writes an [Intent] with
// [Intent.Annotations] and reads it back with [Parse].
package annotations

// Prefix is the domain of every annotation of the contract. A key with this prefix that the
// contract does not know is an error, so that a misspelt intent is never ignored.
const Prefix = "run.ai/"

// Keys that a submitter writes.
const (
	ProjectKey        = Prefix + "project"
	InteractiveKey    = Prefix + "interactive"
	NodeTypeKey       = Prefix + "node-type"
	GPUKey            = Prefix + "gpu"
	GPUMemoryKey      = Prefix + "gpu-memory"
	GPUDevicesKey     = Prefix + "gpu-devices"
	LargeShmKey       = Prefix + "large-shm"
	RunAsUserKey      = Prefix + "run-as-user"
	ClientIdentityKey = Prefix + "client-identity"
	CreateHomeDirKey  = Prefix + "create-home-dir"
	GitSyncKey        = Prefix + "git-sync"
	GitSyncSecretKey  = Prefix + "git-sync-secret"
	StartTimeoutKey   = Prefix + "start-timeout"
)

// Keys that the webhook writes back; whatever a submitter puts there is overwritten.
const (
	SubmittedByKey     = Prefix + "submitted-by"
	AppliedPoliciesKey = Prefix + "applied-policies"
)

// FilesPrefix is the domain of the annotations of pod templates that carry small files, such as the
// passwd entry of the job's user.
const FilesPrefix = "files.run.ai/"

// WorkersKey is the annotation of a launcher's pod template with the number of workers. The operator copies
// annotations, but no variables, to a launcher that was suspended.
const WorkersKey = FilesPrefix + "workers"

// GitSyncSecretSuffix ends the name of the Secret that the command line creates for the credentials of one
// job. The rest is the job's name.
const GitSyncSecretSuffix = "-git-sync"

// AdmissionGate is the scheduling gate that the command line puts on every pod template and the
// webhook takes off: where no webhook acts, no pod is ever scheduled.
const AdmissionGate = Prefix + "admission"

// WarnOnlyUntilLabel is the label of a namespace whose value, a date such as 2026-12-31, replaces warnOnlyUntil of its
// project.
const WarnOnlyUntilLabel = Prefix + "warn-only-until"

// IdentityLabel is the label of a namespace with the value Required, Optional or Disabled. Required makes the webhook
// require an identity there whatever the Project says, and the chart's admission policies, which cannot look up a
// Project, guard the namespace.
const IdentityLabel = Prefix + "identity"

// PodIdentitiesKey is the annotation of a namespace with the ids that pods of people and of other controllers may use
// there in addition to the creator's own: entries uid:gid or uid:gid:group,group, separated by spaces.
const PodIdentitiesKey = Prefix + "pod-identities"

// InteractivePriorityLabel and InteractivePriority mark an interactive job, for schedulers that
// derive its priority from the label; a submitter's own label counts as the intent.
const (
	InteractivePriorityLabel = "priorityClassName"
	InteractivePriority      = "build"
)
