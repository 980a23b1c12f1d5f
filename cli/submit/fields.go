package submit

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// flagsOfFields has the flag that sets a field of the job, by the end of the field's path. The flags that
// set annotations are in [intents].
var flagsOfFields = []struct{ field, flag string }{
	{"metadata.name", "--name"},
	{"mpiReplicaSpecs[Worker].replicas", "--processes"},
	{"spec.slotsPerWorker", "--slots-per-worker"},
	{"spec.mpiImplementation", "--mpi-implementation"},
	{"runPolicy.backoffLimit", "--backoff-limit"},
	{"resources.requests[cpu]", "--cpu"},
	{"resources.limits[cpu]", "--cpu-limit"},
	{"resources.requests[memory]", "--memory"},
	{"resources.limits[memory]", "--memory-limit"},
	{"spec.hostIPC", "--host-ipc"},
	{"spec.hostNetwork", "--host-network"},
	{".image", "--image"},
	{".workingDir", "--working-dir"},
}

// flagOf returns the flag that sets a field, or the field itself.
func flagOf(field string) string {
	for _, row := range intents {
		if row.flag != "" && field == annotations.Path(row.key).String() {
			return "--" + row.flag
		}
	}
	for _, known := range flagsOfFields {
		if strings.HasSuffix(field, known.field) {
			return known.flag
		}
	}
	return field
}

// indexed matches the fields of volumes, mounts and variables, which runai writes in the order of its flags and the
// webhook only appends to.
var indexed = regexp.MustCompile(`(?:\.spec|\.containers\[0\])\.(volumes|volumeMounts|env)\[(\d+)\]`)

// typedAs returns the flag and the value that set a volume, a mount or a variable, "" for another field. It does not
// return a variable's value, which may be a secret.
func (r Request) typedAs(field string) (flag, value string) {
	match := indexed.FindStringSubmatch(field)
	if match == nil {
		return "", ""
	}
	i, _ := strconv.Atoi(match[2])
	mounts := r.mounts("")
	switch {
	case match[1] == "env" && i < len(r.Container.Env):
		return "-e " + r.Container.Env[i].Name + "=…", ""
	case match[1] != "env" && i < len(mounts):
		return mounts[i].flag, mounts[i].typed
	}
	return "", ""
}

// apiError is the prefix of the API's messages: the kind of error, and the value.
var apiError = regexp.MustCompile(`^(?:(?:Invalid|Unsupported) value: ("(?:[^"\\]|\\.)*"|[^:]*)|Forbidden|Required value): `)

// explainField returns the parts of an error of the API in the words of the command line, for
// [invocation.Problem]: the flag, the value and the problem.
func (r Request) explainField(field, message string) (flag, value, problem string) {
	match := apiError.FindStringSubmatch(message)
	if match != nil {
		value = match[1]
		if unquoted, err := strconv.Unquote(value); err == nil {
			value = unquoted
		}
		message = strings.Replace(message[len(match[0]):], "supported values: ", "must be one of ", 1)
	}
	if flag, typed := r.typedAs(field); flag != "" {
		return flag, typed, inFlags(message)
	}
	return flagOf(field), value, inFlags(message)
}

var annotationKey = regexp.MustCompile(`(?:metadata\.annotations\[)?` + regexp.QuoteMeta(annotations.Prefix) + `([a-z]+(?:-[a-z]+)*)\]?`)

// inFlags replaces the annotations and the objects in a message with their flags.
func inFlags(message string) string {
	message = strings.ReplaceAll(message, "use a PersistentVolumeClaim", "use --pvc")
	return annotationKey.ReplaceAllStringFunc(message, func(found string) string {
		key := annotations.Prefix + annotationKey.FindStringSubmatch(found)[1]
		if key == annotations.GitSyncSecretKey {
			return "secret= of --git-sync"
		}
		for _, row := range intents {
			if row.key == key && row.flag != "" {
				return "--" + row.flag
			}
		}
		return found
	})
}
