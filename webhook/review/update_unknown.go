package review

import (
	"bytes"
	stdjson "encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
)

// UnknownChanges returns the paths of the fields that an update changes and that the Go types do not know: those
// of a newer CRD. A comparison of decoded jobs does not see them. What steers a job is not looked at.
func UnknownChanges(storedRaw, updatedRaw []byte) []string {
	var u unknownChanges
	u.compare(reflect.TypeFor[struct {
		Metadata skipped            `json:"metadata"`
		Status   skipped            `json:"status"`
		APIVer   skipped            `json:"apiVersion"`
		Kind     skipped            `json:"kind"`
		Spec     v2beta1.MPIJobSpec `json:"spec"`
	}](), storedRaw, updatedRaw)
	slices.Sort(u.found)
	return u.found
}

// skipped is the type of a value that is not read.
type skipped any

type unknownChanges struct {
	at    []string // the names and indexes that lead to what is compared
	found []string
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

// compare compares two values of a type. It splits only what differs: most updates change little, and splitting is slow.
func (u *unknownChanges) compare(of reflect.Type, before, after jsontext.Value) {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if bytes.Equal(before, after) || readsItself(of) {
		return
	}
	var kind jsontext.Kind
	switch of.Kind() {
	case reflect.Struct, reflect.Map:
		kind = '{'
	case reflect.Slice:
		kind = '['
	default:
		return
	}
	was, now := split(before, kind), split(after, kind)
	for name := range was {
		u.compareIn(of, name, was[name], now[name])
	}
	for name := range now {
		if _, compared := was[name]; !compared {
			u.compareIn(of, name, nil, now[name])
		}
	}
}

// compareIn compares what has a name or an index in values of a type. It is nil where it is missing.
func (u *unknownChanges) compareIn(of reflect.Type, name string, before, after jsontext.Value) {
	if steers(of, name) {
		return
	}
	u.at = append(u.at, name)
	if of.Kind() != reflect.Struct {
		u.compare(of.Elem(), before, after)
	} else if member, known := membersOf(of)[name]; known {
		u.compare(member, before, after)
	} else if !isSameJSON(before, after) {
		u.found = append(u.found, fieldPath(u.at))
	}
	u.at = u.at[:len(u.at)-1]
}

func readsItself(of reflect.Type) bool {
	return reflect.PointerTo(of).Implements(reflect.TypeFor[stdjson.Unmarshaler]())
}

// isSameJSON reports whether two values are the same in another notation. A missing value differs from every other.
func isSameJSON(before, after jsontext.Value) bool {
	if before == nil || after == nil {
		return before == nil && after == nil
	}
	before, after = before.Clone(), after.Clone()
	_, _ = before.Canonicalize(), after.Canonicalize()
	return bytes.Equal(before, after)
}

// split returns the members of an object by their names, or the elements of a list by their indexes, and nothing for a
// value of another kind. It ends early at an error, of which there is none: the job was decoded before.
func split(value jsontext.Value, kind jsontext.Kind) map[string]jsontext.Value {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(value), jsontext.AllowDuplicateNames(true))
	if decoder.PeekKind() != kind {
		return nil
	}
	_, _ = decoder.ReadToken()
	parts := map[string]jsontext.Value{}
	for end := decoder.PeekKind(); end != '}' && end != ']' && end != 0; end = decoder.PeekKind() {
		name := strconv.Itoa(len(parts))
		if kind == '{' {
			token, err := decoder.ReadToken()
			if err != nil {
				return parts
			}
			name = token.String()
		}
		part, err := decoder.ReadValue()
		if err != nil {
			return parts
		}
		to := decoder.InputOffset()
		parts[name] = value[to-int64(len(part)) : to] // the decoder reuses part
	}
	return parts
}

// membersByType caches what membersOf has found.
var membersByType sync.Map

// membersOf returns the types of the members of a struct by their names in JSON.
func membersOf(of reflect.Type) map[string]reflect.Type {
	if members, known := membersByType.Load(of); known {
		return members.(map[string]reflect.Type)
	}
	members := map[string]reflect.Type{}
	for field := range of.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			members[name] = field.Type
		} else { // inline
			maps.Copy(members, membersOf(field.Type))
		}
	}
	membersByType.Store(of, members)
	return members
}

// fieldPath writes names and indexes as errors name fields.
func fieldPath(names []string) string {
	path, parent := "", ""
	for _, name := range names {
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
