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
	at    []part // what leads to the values that are compared
	found []string
	splitter
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
	if bytes.Equal(before, after) || hidesNothing(of) {
		return
	}
	kind := jsontext.Kind('{')
	if of.Kind() == reflect.Slice {
		kind = '['
	}
	around := len(u.parts)
	was, now := u.split(before, kind), u.split(after, kind)
	for len(was) > 0 || len(now) > 0 {
		var old, changed part
		order := compareFirst(was, now)
		if order <= 0 {
			old, was = was[0], was[1:]
		}
		if order >= 0 {
			changed, now = now[0], now[1:]
		}
		u.compareParts(of, old, changed)
	}
	u.parts = u.parts[:around]
}

// hidesNothing reports whether values of a type have no fields that Go types could lack.
func hidesNothing(of reflect.Type) bool {
	if known, ok := hidingNothing.Load(of); ok {
		return known.(bool)
	}
	hides := hidesNothingByItself(of)
	hidingNothing.Store(of, hides)
	return hides
}

// hidingNothing caches what hidesNothing has found.
var hidingNothing sync.Map

func hidesNothingByItself(of reflect.Type) bool {
	if reflect.PointerTo(of).Implements(reflect.TypeFor[stdjson.Unmarshaler]()) {
		return true
	}
	switch of.Kind() {
	case reflect.Struct:
		return false
	case reflect.Map, reflect.Slice, reflect.Pointer:
		return hidesNothing(of.Elem())
	}
	return true
}

// compareParts compares a part of two values of a type. One of both may be missing.
func (u *unknownChanges) compareParts(of reflect.Type, old, changed part) {
	which := old
	if old.value == nil {
		which = changed
	}
	name := which.text()
	if steers(of, name) {
		return
	}
	u.at = append(u.at, which)
	if of.Kind() != reflect.Struct {
		u.compare(of.Elem(), old.value, changed.value)
	} else if member, known := membersOf(of)[name]; known {
		u.compare(member, old.value, changed.value)
	} else if !isSameJSON(old.value, changed.value) {
		u.found = append(u.found, fieldPath(u.at))
	}
	u.at = u.at[:len(u.at)-1]
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
func fieldPath(parts []part) string {
	path, parent := "", ""
	for _, part := range parts {
		name := part.text()
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
