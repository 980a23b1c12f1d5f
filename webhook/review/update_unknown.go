package review

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
)

// UnknownChanges returns the paths of the fields that an update changes and that the Go types do not know: those
// of a newer CRD. A comparison of decoded jobs does not see them. What steers a job is not looked at.
func UnknownChanges(storedRaw, updatedRaw []byte) []string {
	before, after := unknownFields(storedRaw), unknownFields(updatedRaw)
	var changed []string
	for path, value := range before {
		if !reflect.DeepEqual(value, after[path]) {
			changed = append(changed, path)
		}
	}
	for path := range after {
		if _, present := before[path]; !present {
			changed = append(changed, path)
		}
	}
	slices.Sort(changed)
	return changed
}

// unknownFields returns the fields in the spec of a job that the Go types do not know, by their paths.
func unknownFields(raw []byte) map[string]any {
	var job struct {
		Spec map[string]any `json:"spec"`
	}
	if json.Unmarshal(raw, &job) != nil {
		return nil // it was decoded before
	}
	unknown := map[string]any{}
	collectUnknown(job.Spec, reflect.TypeFor[v2beta1.MPIJobSpec](), "spec", unknown)
	return unknown
}

// steering lists the ends of the paths of what queues and schedulers of a newer version may write.
var steering = []string{runPolicyField, ".spec.tolerations", ".spec.schedulingGates"}

func collectUnknown(value any, of reflect.Type, path string, unknown map[string]any) {
	if slices.ContainsFunc(steering, func(end string) bool { return strings.HasSuffix(path, end) }) {
		return
	}
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch value := value.(type) {
	case map[string]any:
		switch {
		case reflect.PointerTo(of).Implements(reflect.TypeFor[json.Unmarshaler]()): // has a form of its own
		case of.Kind() == reflect.Map:
			for key, member := range value {
				collectUnknown(member, of.Elem(), path+"["+key+"]", unknown)
			}
		case of.Kind() == reflect.Struct:
			known := membersOf(of)
			for _, name := range slices.Sorted(maps.Keys(value)) {
				if member, isKnown := known[name]; isKnown {
					collectUnknown(value[name], member, path+"."+name, unknown)
				} else {
					unknown[path+"."+name] = value[name]
				}
			}
		}
	case []any:
		if of.Kind() == reflect.Slice {
			for i, element := range value {
				collectUnknown(element, of.Elem(), fmt.Sprintf("%s[%d]", path, i), unknown)
			}
		}
	}
}

// membersOf returns the types of the members of a struct by their names in JSON.
func membersOf(of reflect.Type) map[string]reflect.Type {
	members := map[string]reflect.Type{}
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" { // inline
			maps.Copy(members, membersOf(field.Type))
			continue
		}
		members[name] = field.Type
	}
	return members
}
