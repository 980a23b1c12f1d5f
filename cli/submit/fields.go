package submit

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// flagsOfFields names the flag that writes a field of the job, by the end of the field's path. The flags
// that write annotations are in [intents].
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

// flagOf is the flag that wrote the field, or the field itself.
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

// invalidValue is how the API writes what it complains about: a word for the kind of error, and the value.
var invalidValue = regexp.MustCompile(`^(Invalid value: ("(?:[^"\\]|\\.)*"|[^:]*)|Forbidden|Required value|Unsupported value: [^:]*): `)

// line says what is wrong with a field in the words of the command line: the flag, the value, the
// problem and the remedy.
func line(field, message string) string {
	flag := flagOf(field)
	match := invalidValue.FindStringSubmatch(message)
	if match == nil {
		return fmt.Sprintf("%s: %s", flag, message)
	}
	problem := message[len(match[0]):]
	if value := strings.Trim(match[2], `"`); value != "" {
		return fmt.Sprintf("%s %s %s", flag, value, problem)
	}
	return fmt.Sprintf("%s %s", flag, problem)
}
