package annotations

import "strconv"

// An entry ties a key to its place in the Intent, and to what the documentation says of it.
type entry struct {
	key     string
	value   string
	meaning string
	write   func(Intent) string
	read    func(*Intent, string) error
}

// contract is every intent, in the order in which it is written, read and documented.
var contract = []entry{
	{
		key: ProjectKey, value: "name", meaning: "the project that you mean; refused in a namespace of another project",
		write: func(i Intent) string { return i.Project },
		read:  func(i *Intent, v string) error { return labelValue(&i.Project, v) },
	},
	{
		key: InteractiveKey, value: "`true` or `false`", meaning: "the project's interactive node affinity and no retries; the label `priorityClassName: build` counts the same",
		write: func(i Intent) string { return writeBool(i.Interactive) },
		read:  func(i *Intent, v string) error { return readBool(&i.Interactive, v) },
	},
	{
		key: NodeTypeKey, value: "label value", meaning: "refines the project's node affinity to this node group",
		write: func(i Intent) string { return i.NodeType },
		read:  func(i *Intent, v string) error { return labelValue(&i.NodeType, v) },
	},
	{
		key: GPUKey, value: "`0`, `0.5`, `2`", meaning: "GPUs for each worker: a whole number, or a fraction below 1 for the cluster's fraction backend; 0 is none",
		write: func(i Intent) string { return writePointer(i.GPU) },
		read:  func(i *Intent, v string) error { return readPointer(&i.GPU, v) },
	},
	{
		key: GPUMemoryKey, value: "quantity, `1G`, `20M`", meaning: "GPU memory for each worker; not together with `run.ai/gpu`",
		write: func(i Intent) string { return writeBytes(i.GPUMemory) },
		read:  func(i *Intent, v string) error { return i.GPUMemory.UnmarshalText([]byte(v)) },
	},
	{
		key: LargeShmKey, value: "`true`, `false` or a quantity", meaning: "a memory-backed /dev/shm, of this size where one is given",
		write: func(i Intent) string { return writePointer(i.LargeShm) },
		read:  readLargeShm,
	},
	{
		key: RunAsUserKey, value: "`true` or `false`", meaning: "run as the submitting user's UID and GID",
		write: func(i Intent) string { return writeBool(i.RunAsUser) },
		read:  func(i *Intent, v string) error { return readBool(&i.RunAsUser, v) },
	},
	{
		key: ClientIdentityKey, value: "`uid:gid[:g1,g2]`", meaning: "the workstation's ids; read only where the cluster's policy lists the source `Client`; never 0",
		write: func(i Intent) string { return writePointer(i.ClientIdentity) },
		read:  func(i *Intent, v string) error { return readPointer(&i.ClientIdentity, v) },
	},
	{
		key: CreateHomeDirKey, value: "`true` or `false`", meaning: "an ephemeral home directory; by default made where the job runs as its user",
		write: func(i Intent) string { return writeBool(i.CreateHomeDir) },
		read:  func(i *Intent, v string) error { return readBool(&i.CreateHomeDir, v) },
	},
	{
		key: GitSyncKey, value: "`source=…,branch=…,rev=…,target=…`", meaning: "clone a repository before the start; credentials in it are refused, they would be stored in clear",
		write: func(i Intent) string { return writePointer(i.GitSync) },
		read:  func(i *Intent, v string) error { return readPointer(&i.GitSync, v) },
	},
	{
		key: GitSyncSecretKey, value: "Secret name", meaning: "the Secret with `username` and `password`, or `ssh-privatekey` and `known_hosts`",
		write: func(i Intent) string { return i.GitSyncSecret },
		read:  func(i *Intent, v string) error { return objectName(&i.GitSyncSecret, v) },
	},
}

// A Doc describes one annotation for people.
type Doc struct{ Key, Value, Meaning string }

// Docs describes every intent, in the contract's order.
func Docs() []Doc {
	docs := make([]Doc, 0, len(contract))
	for _, entry := range contract {
		docs = append(docs, Doc{Key: entry.key, Value: entry.value, Meaning: entry.meaning})
	}
	return docs
}

func writeBool(b *bool) string {
	if b == nil {
		return ""
	}
	return strconv.FormatBool(*b)
}

func writeBytes(b Bytes) string {
	if b == 0 {
		return ""
	}
	return b.String()
}

func writePointer[T interface{ String() string }](value *T) string {
	if value == nil {
		return ""
	}
	return (*value).String()
}
