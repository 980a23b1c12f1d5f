package review

import (
	"bytes"
	stdjson "encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
)

// UnknownChanges returns the paths of the fields that an update changes and that the Go types do not know: those
// of a newer CRD. A comparison of decoded jobs does not see them. What steers a job is not looked at.
func UnknownChanges(storedRaw, updatedRaw []byte) []string {
	before, after := unknownFields(storedRaw), unknownFields(updatedRaw)
	if maps.Equal(before, after) {
		return nil
	}
	var changed []string
	for pointer, value := range before {
		if other, present := after[pointer]; !present || other != value {
			changed = append(changed, fieldPath(pointer))
		}
	}
	for pointer := range after {
		if _, present := before[pointer]; !present {
			changed = append(changed, fieldPath(pointer))
		}
	}
	slices.Sort(changed)
	return changed
}

// unknownFields returns the fields in the spec of a job that the Go types do not know, as canonical JSON by their
// pointers. It keeps nothing else in memory.
func unknownFields(raw []byte) map[jsontext.Pointer]string {
	u := unknownReader{
		Decoder: jsontext.NewDecoder(bytes.NewReader(raw)),
		found:   map[jsontext.Pointer]string{}, members: map[reflect.Type]map[string]reflect.Type{},
	}
	u.read(reflect.TypeFor[struct {
		Metadata skipped            `json:"metadata"`
		Status   skipped            `json:"status"`
		APIVer   skipped            `json:"apiVersion"`
		Kind     skipped            `json:"kind"`
		Spec     v2beta1.MPIJobSpec `json:"spec"`
	}]())
	return u.found
}

// skipped is the type of a value that is not read.
type skipped any

type unknownReader struct {
	*jsontext.Decoder
	found   map[jsontext.Pointer]string
	members map[reflect.Type]map[string]reflect.Type
}

// steers reports whether queues and schedulers, perhaps of a newer version, write a member of a struct.
func steers(of reflect.Type, name string) bool {
	switch of {
	case reflect.TypeFor[v2beta1.MPIJobSpec]():
		return name == "runPolicy"
	case reflect.TypeFor[corev1.PodSpec]():
		return name == "tolerations" || name == "schedulingGates"
	}
	return false
}

// read reads one value. It ends early at an error, of which there is none: the job was decoded before.
func (u unknownReader) read(of reflect.Type) {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	isOwnForm := reflect.PointerTo(of).Implements(reflect.TypeFor[stdjson.Unmarshaler]())
	switch kind := u.PeekKind(); {
	case kind == '{' && of.Kind() == reflect.Struct && !isOwnForm:
		u.each(func() {
			name, _ := u.ReadToken()
			u.readMember(of, name.String())
		})
	case kind == '{' && of.Kind() == reflect.Map:
		u.each(func() {
			_, _ = u.ReadToken()
			u.read(of.Elem())
		})
	case kind == '[' && of.Kind() == reflect.Slice && !isOwnForm:
		u.each(func() { u.read(of.Elem()) })
	default:
		_ = u.SkipValue()
	}
}

// each reads an object or a list, element by element.
func (u unknownReader) each(element func()) {
	_, _ = u.ReadToken()
	for kind := u.PeekKind(); kind != '}' && kind != ']' && kind != 0; kind = u.PeekKind() {
		before := u.InputOffset()
		if element(); u.InputOffset() == before {
			return
		}
	}
	_, _ = u.ReadToken()
}

func (u unknownReader) readMember(of reflect.Type, name string) {
	member, known := u.membersOf(of)[name]
	switch {
	case steers(of, name):
		_ = u.SkipValue()
	case known:
		u.read(member)
	default:
		value, err := u.ReadValue()
		if err != nil {
			return
		}
		value = value.Clone()
		_ = value.Canonicalize()
		u.found[u.StackPointer()] = value.String()
	}
}

// membersOf returns the types of the members of a struct by their names in JSON.
func (u unknownReader) membersOf(of reflect.Type) map[string]reflect.Type {
	if members, known := u.members[of]; known {
		return members
	}
	members := map[string]reflect.Type{}
	for field := range of.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			members[name] = field.Type
		} else { // inline
			maps.Copy(members, u.membersOf(field.Type))
		}
	}
	u.members[of] = members
	return members
}

// fieldPath writes a JSON pointer as errors name fields.
func fieldPath(pointer jsontext.Pointer) string {
	path, parent := "", ""
	for name := range pointer.Tokens() {
		_, err := strconv.Atoi(name)
		switch {
		case err == nil || parent == "mpiReplicaSpecs":
			path += "[" + name + "]"
		case path == "":
			path = name
		default:
			path += "." + name
		}
		parent = name
	}
	return path
}
