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

// apiError is the prefix of the API's messages: the kind of error, and the value.
var apiError = regexp.MustCompile(`^(?:(?:Invalid|Unsupported) value: ("(?:[^"\\]|\\.)*"|[^:]*)|Forbidden|Required value): `)

// explainField returns the parts of an error of the API in the words of the command line, for
// [invocation.Problem]: the flag, the value and the problem.
func explainField(field, message string) (flag, value, problem string) {
	match := apiError.FindStringSubmatch(message)
	if match == nil {
		return flagOf(field), "", inFlags(message)
	}
	value = match[1]
	if unquoted, err := strconv.Unquote(value); err == nil {
		value = unquoted
	}
	problem = strings.Replace(message[len(match[0]):], "supported values: ", "must be one of ", 1)
	return flagOf(field), value, inFlags(problem)
}

var annotationKey = regexp.MustCompile(`(?:metadata\.annotations\[)?` + regexp.QuoteMeta(annotations.Prefix) + `([a-z]+(?:-[a-z]+)*)\]?`)

// inFlags replaces the annotations in a message with their flags.
func inFlags(message string) string {
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
