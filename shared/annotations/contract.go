package annotations

import "strings"

// A row has the documentation of an annotation, its field of the Intent, and values for tests and fuzzers.
type row struct {
	key     string
	value   string
	meaning string
	write   func(Intent) string
	read    func(*Intent, string) error

	// examples are valid values that set the field. The documentation has the first.
	examples []string
	// nothing are valid values that do not set the field, as if there were no annotation.
	nothing []string
	// counterexamples are invalid values.
	counterexamples []string
}

const bools = "`true` or `false`"

var (
	trueOrFalse = []string{"true", "false"}
	notBools    = []string{"", "True", "yes", "1", "true "}
	notLabels   = []string{"", "a b", "a,b", "-a", "team/a", strings.Repeat("a", 64)}
)

// contract has every intent, in the order in which they are written, read and documented.
var contract = []row{
	{
		key: ProjectKey, value: "name",
		meaning:         "the project of the job; refused in a namespace of another project",
		write:           func(i Intent) string { return i.Project },
		read:            func(i *Intent, v string) error { return readLabelValue(&i.Project, v) },
		examples:        []string{"team-a", "A_b.c"},
		counterexamples: notLabels,
	},
	{
		key: InteractiveKey, value: bools,
		meaning:         "run on the project's node types for interactive jobs, and never retry; the label `priorityClassName: build` means the same",
		write:           func(i Intent) string { return writeBool(i.Interactive) },
		read:            func(i *Intent, v string) error { return readBool(&i.Interactive, v) },
		examples:        trueOrFalse,
		counterexamples: notBools,
	},
	{
		key: NodeTypeKey, value: "label value",
		meaning:         "run only on nodes of this type, which must be one of the project's node types",
		write:           func(i Intent) string { return i.NodeType },
		read:            func(i *Intent, v string) error { return readLabelValue(&i.NodeType, v) },
		examples:        []string{"dgx", "t4", "v100"},
		counterexamples: notLabels,
	},
	{
		key: GPUKey, value: "number",
		meaning:         "GPUs for each worker: a whole number, or a fraction below 1 if the cluster has a fraction backend; `0` means none",
		write:           func(i Intent) string { return writePointer(i.GPU) },
		read:            func(i *Intent, v string) error { return readPointer(&i.GPU, v) },
		examples:        []string{"0.5", "0", "2", "1.0", ".5", "0.000000001", "0.123456789", "999999"},
		counterexamples: []string{"", "1.5", "-1", "1000000", "500m", "1e400", "NaN", "Inf", "0x1"},
	},
	{
		key: GPUMemoryKey, value: "quantity",
		meaning:         "GPU memory for each worker; cannot be used with `run.ai/gpu`",
		write:           func(i Intent) string { return writeBytes(i.GPUMemory) },
		read:            func(i *Intent, v string) error { return i.GPUMemory.UnmarshalText([]byte(v)) },
		examples:        []string{"20M", "1G", "512Mi", "1.5Gi", "1", "12345678", "576460752303423487"},
		counterexamples: []string{"", "0", "-1G", "big", "1e30"},
	},
	{
		key: GPUDevicesKey, value: "number",
		meaning:         "the number of GPUs per worker, each with the fraction from `run.ai/gpu` or the memory from `run.ai/gpu-memory`",
		write:           func(i Intent) string { return i.GPUDevices.String() },
		read:            func(i *Intent, v string) error { return i.GPUDevices.UnmarshalText([]byte(v)) },
		examples:        []string{"2", "1", "8", "999999"},
		counterexamples: []string{"", "0", "-1", "+2", "02", "1.5", "0.5", "2.0", "1e1", "1000000", "all"},
	},
	{
		key: LargeShmKey, value: "`true`, `false` or a quantity",
		meaning:         "mount a memory-backed `/dev/shm`; a quantity sets its size",
		write:           func(i Intent) string { return writePointer(i.LargeShm) },
		read:            func(i *Intent, v string) error { return readLargeShm(&i.LargeShm, v) },
		examples:        []string{"8Gi", "true", "64Mi", "67108865", "1099511627775"},
		nothing:         []string{"false"},
		counterexamples: []string{"", "1", "63Mi", "-8Gi", "yes"},
	},
	{
		key: RunAsUserKey, value: bools,
		meaning:         "run with the UID, the GID and the groups of the submitting user",
		write:           func(i Intent) string { return writeBool(i.RunAsUser) },
		read:            func(i *Intent, v string) error { return readBool(&i.RunAsUser, v) },
		examples:        trueOrFalse,
		counterexamples: notBools,
	},
	{
		key: ClientIdentityKey, value: "`uid:gid[:g1,g2]`",
		meaning:         "the user's ids on their workstation, from 1; ignored unless the cluster policy lists the source `Client`",
		write:           func(i Intent) string { return writePointer(i.ClientIdentity) },
		read:            func(i *Intent, v string) error { return readPointer(&i.ClientIdentity, v) },
		examples:        []string{"1000:1000:44,109", "1000:1000", "1:2147483647:1001", "2147483647:1:5,44,109"},
		counterexamples: []string{"", "1000", "0:0", "1000:0", "0:1000", "1000:1000:0", "4294967295:1", "01:1", "1000:1000:", "1:1:1:1", "a:b"},
	},
	{
		key: CreateHomeDirKey, value: bools,
		meaning:         "create a temporary home directory. Default: `true` if the job runs as its user",
		write:           func(i Intent) string { return writeBool(i.CreateHomeDir) },
		read:            func(i *Intent, v string) error { return readBool(&i.CreateHomeDir, v) },
		examples:        trueOrFalse,
		counterexamples: notBools,
	},
	{
		key: GitSyncKey, value: "`source=…,branch=…,rev=…,target=…`",
		meaning:         "clone a git repository before the job starts; credentials are refused, because annotations are stored in clear text",
		write:           func(i Intent) string { return writePointer(i.GitSync) },
		read:            func(i *Intent, v string) error { return readPointer(&i.GitSync, v) },
		examples:        goodRepositories,
		counterexamples: badRepositories,
	},
	{
		key: GitSyncSecretKey, value: "Secret name",
		meaning:         "the Secret with the repository's `username` and `password`, or `ssh-privatekey` and `known_hosts`",
		write:           func(i Intent) string { return i.GitSyncSecret },
		read:            func(i *Intent, v string) error { return readObjectName(&i.GitSyncSecret, v) },
		examples:        []string{"git-credentials", "team-a.git"},
		counterexamples: []string{"", "a b", "A", "a_b", "-a"},
	},
	{
		key: StartTimeoutKey, value: "duration",
		meaning:         "how long the launcher waits for its workers before the job fails, within the cluster policy's `start.maxTimeout`",
		write:           func(i Intent) string { return writeStartTimeout(i.StartTimeout) },
		read:            func(i *Intent, v string) error { return i.StartTimeout.UnmarshalText([]byte(v)) },
		examples:        []string{"10m", "1h30m", "45s", "2h0m5s", "1m30s"},
		counterexamples: []string{"", "10", "0s", "-1m", "soon", "500ms", "1.5s", "99999999h"},
	},
}

var goodRepositories = []string{
	"source=https://git.example.com/team/code,branch=main",
	"source=https://git.example.com/team/code,rev=v1.0,target=/code",
	"source=git@git.example.com:team/code,rev=0123456789abcdef0123456789abcdef01234567",
	"source=ssh://git@git.example.com:2222/code,branch=main,rev=20240101",
	`source="https://git.example.com/code?x=1,2",branch="feature/a=b,c",target="/a b, c"`,
	`source="http://git.example.com/a""b'c",branch="it's""quoted""",target=/code`,
	"source=git://git.example.com/code",
}

var badRepositories = []string{
	"", "main", "branch=main", "source=", "source=https://h/r,brnach=main", "source=https://h/r,rev=a,rev=b", `source="https://h/r`,
	// Credentials:
	"source=https://h/r,password=x", "source=https://h/r,username=u", "source=https://u:hunter2@h/r", "source=https://u@h/r",
	"source=ssh://u:hunter2@h/r",
	// Programs and files of the container:
	"source=ext::sh -c x", "source=file:///etc", "source=/etc", "source=--upload-pack=x", "source=ssh://-oProxyCommand=x/r",
	// Revisions and targets:
	"source=https://h/r,rev=abc1234", "source=https://h/r,branch=--x", "source=https://h/r,branch=a..b", "source=https://h/r,rev=a b",
	"source=https://h/r,target=code", "source=https://h/r,target=/", "source=https://h/r,target=/a/../b", "source=https://h/r,target=/a:b",
	"source=https://h/r,target=/usr/sbin", "source=https://h/r,target=/proc/code",
}
