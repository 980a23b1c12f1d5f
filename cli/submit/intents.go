package submit

import (
	"slices"
	"strconv"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// An intent ties an annotation of the contract to the flag that asks for it.
type intent struct {
	key string // of the annotation

	flag   string // without the hyphens
	noFlag string // why no flag asks for the annotation, if none does

	// value returns what was typed for the flag, "" if it was not set. It is nil if another row with the
	// same flag reads the value.
	value func(typed) string
	// read reads the value into the request. Default: read it as the annotation's value.
	read func(r *reader, value string, into *Request)
	// becomes describes, for the documentation, what runai or the webhook does with the annotation.
	becomes string

	local  bool // runai acts on the flag, so that nothing is lost without a webhook
	secret bool // the value may hold a credential, so that messages do not quote it
}

// typed are the flags of submit-mpi and those of every command.
type typed struct {
	*Flags
	invocation.Globals
}

// intents has one row for each annotation of the contract, in the contract's order.
var intents = []intent{
	{
		key: annotations.ProjectKey, flag: "project", local: true,
		value:   func(t typed) string { return t.Project },
		becomes: "it also selects the namespace",
	},
	{
		key: annotations.InteractiveKey, flag: "interactive",
		value:   func(t typed) string { return ifSet(t.Interactive) },
		becomes: "the webhook adds the label `priorityClassName: build` and the project's interactive node types, and sets `backoffLimit: 0`",
	},
	{
		key: annotations.NodeTypeKey, flag: "node-type",
		value:   func(t typed) string { return t.NodeType },
		becomes: "the webhook adds the node type to the affinity of both roles",
	},
	{
		key: annotations.GPUKey, flag: "gpu",
		value:   func(t typed) string { return t.GPU },
		becomes: "the webhook sets the workers' limit, or the annotations of the fraction backend",
	},
	{
		key: annotations.GPUMemoryKey, flag: "gpu-memory",
		value:   func(t typed) string { return t.GPUMemory },
		becomes: "the webhook sets the annotations of the fraction backend",
	},
	{
		key: annotations.GPUDevicesKey, flag: "gpu-devices",
		value:   func(t typed) string { return t.GPUDevices },
		becomes: "the webhook sets the annotation of the fraction backend",
	},
	{
		key: annotations.LargeShmKey, flag: "large-shm",
		value:   func(t typed) string { return string(t.LargeShm) },
		becomes: "the webhook mounts memory at `/dev/shm` of both roles",
	},
	{
		key: annotations.RunAsUserKey, flag: "run-as-user",
		value:   func(t typed) string { return ifSet(t.RunAsUser) },
		becomes: "the webhook sets the ids of both roles",
	},
	{
		key:    annotations.ClientIdentityKey,
		noFlag: "the cluster authenticates the user; the annotation is only for a cluster policy that trusts workstations",
	},
	{
		key: annotations.CreateHomeDirKey, flag: "create-home-dir",
		value:   func(t typed) string { return ifGiven(t.CreateHomeDir) },
		becomes: "the webhook mounts an `emptyDir` and sets `HOME`",
	},
	{
		key: annotations.GitSyncKey, flag: "git-sync", secret: true,
		value: func(t typed) string { return t.GitSync }, read: (*reader).gitSync,
		becomes: "credentials become a Secret of the job; the webhook adds an init container to both roles",
	},
	{
		key: annotations.GitSyncSecretKey, flag: "git-sync", // secret=, or the Secret that runai creates
	},
	{
		key: annotations.StartTimeoutKey, flag: "start-timeout",
		value:   func(t typed) string { return t.StartTimeout },
		becomes: "the webhook sets the timeout of the launcher's start gate",
	},
}

func ifSet(flag bool) string {
	if !flag {
		return ""
	}
	return "true"
}

func ifGiven(flag *bool) string {
	if flag == nil {
		return ""
	}
	return strconv.FormatBool(*flag)
}

// intents reads the flags that become annotations.
func (r *reader) intents(t typed, into *Request) {
	for _, row := range intents {
		if row.value == nil {
			continue
		}
		value := row.value(t)
		if value == "" {
			continue
		}
		flag := "--" + row.flag
		if row.read != nil {
			row.read(r, value, into)
		} else if err := into.Intent.Set(row.key, value); err != nil {
			mistake := invocation.Problem(flag, value, inFlags(err.Error()))
			if !slices.Contains(r.mistakes, mistake) { // a bad project is already reported
				r.mistake(flag, mistake)
			}
		}
		if flag := row.onlyByWebhook(value); flag != "" && into.Intent.Annotations()[row.key] != "" {
			into.needsWebhook = append(into.needsWebhook, flag)
		}
	}
}

// onlyByWebhook returns the flag as it was typed, or "" if it has an effect without a webhook.
func (i intent) onlyByWebhook(value string) string {
	switch {
	case i.local || value == "false":
		return ""
	case i.secret || value == "true":
		return "--" + i.flag
	}
	return "--" + i.flag + " " + value
}

// An IntentDoc describes the flag of an annotation, or why the annotation has none.
type IntentDoc struct{ Key, Flag, NoFlag, Becomes string }

// IntentDocs describes every annotation of the contract, in the contract's order.
func IntentDocs() []IntentDoc {
	docs := make([]IntentDoc, 0, len(intents))
	for _, row := range intents {
		docs = append(docs, IntentDoc{Key: row.key, Flag: row.flag, NoFlag: row.noFlag, Becomes: row.becomes})
	}
	return docs
}
