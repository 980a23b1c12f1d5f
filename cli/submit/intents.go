package submit

import (
	"strconv"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// An intent ties an annotation of the contract to the flag that asks for it.
type intent struct {
	key string // of the annotation

	flag   string // without the hyphens
	noFlag string // why no flag asks for the annotation, if none does

	// value returns what was typed for the flag, "" for nothing. It is nil if another row with the
	// same flag reads the value.
	value func(typed) string
	// read reads the value into the request. Default: as the contract reads the annotation.
	read func(r *reader, value string, into *Request)
	// becomes says for the documentation what runai or the webhook makes of the annotation.
	becomes string

	local  bool // runai acts on the flag itself: nothing is lost without a webhook
	secret bool // the value may hold a credential: messages name the flag only
}

// typed is all that was typed: the flags of submit-mpi and those of every command.
type typed struct {
	*Flags
	invocation.Globals
}

// intents has one row for each annotation of the contract, in the contract's order.
var intents = []intent{
	{
		key: annotations.ProjectKey, flag: "project", local: true,
		value:   func(t typed) string { return t.Project },
		becomes: "it also chooses the namespace",
	},
	{
		key: annotations.InteractiveKey, flag: "interactive",
		value:   func(t typed) string { return ifSet(t.Interactive) },
		becomes: "the webhook adds `priorityClassName: build`, no retries and the project's interactive node types",
	},
	{
		key: annotations.NodeTypeKey, flag: "node-type",
		value:   func(t typed) string { return t.NodeType },
		becomes: "the webhook requires the node type of both roles",
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
		key: annotations.LargeShmKey, flag: "large-shm",
		value:   func(t typed) string { return string(t.LargeShm) },
		becomes: "the webhook mounts memory at /dev/shm of both roles",
	},
	{
		key: annotations.RunAsUserKey, flag: "run-as-user",
		value:   func(t typed) string { return ifSet(t.RunAsUser) },
		becomes: "the webhook sets the ids of both roles",
	},
	{
		key:    annotations.ClientIdentityKey,
		noFlag: "the cluster knows who submits a job; where its policy trusts a workstation instead, the annotation is set by hand",
	},
	{
		key: annotations.CreateHomeDirKey, flag: "create-home-dir",
		value:   func(t typed) string { return ifGiven(t.CreateHomeDir) },
		becomes: "the webhook mounts an emptyDir and sets HOME",
	},
	{
		key: annotations.GitSyncKey, flag: "git-sync", secret: true,
		value: func(t typed) string { return t.GitSync }, read: (*reader).gitSync,
		becomes: "credentials become a Secret of the job; the webhook adds an init container to both roles",
	},
	{
		key: annotations.GitSyncSecretKey, flag: "git-sync", // its part secret=, or the Secret that holds its credentials
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

// intents reads what only the cluster can decide into the request.
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
		} else if err := into.Intent.Set(row.key, value); err != nil && !r.has(flag) { // a bad project is reported already
			r.mistake(flag, value+" "+err.Error())
		}
		if flag := row.onlyByWebhook(value); flag != "" {
			into.needsWebhook = append(into.needsWebhook, flag)
		}
	}
}

// onlyByWebhook returns the flag as it was typed if only a webhook can act on it, else "".
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
