package server

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// largestCreation is the size in bytes above which a new job is not decoded. etcd accepts no larger request,
// unless its administrator allows it.
const largestCreation = 1536 * 1024

// The most elements that a list, and members that an object may have, and the most names and values in a
// job. A decoded element can take a hundred times the memory of its JSON: {} in a list of containers.
const (
	mostElements = 5_000
	mostTokens   = 100_000
)

const (
	mostRoles = 10
	// longestRole is the length of the longest name of a role, which each path in an error or in a patch repeats.
	longestRole = 63
)

// mostIn returns the maximum for the list or object with a quoted name.
func mostIn(name []byte) int {
	switch string(name) {
	case `"mpiReplicaSpecs"`:
		return mostRoles
	case `"containers"`, `"initContainers"`, `"ephemeralContainers"`, `"add"`, `"drop"`: // capabilities, of which Linux has 41
		return 100
	}
	return mostElements
}

// DecodeNew reads a new job, unless reading it costs too much. Its errors are API statuses for the client.
func DecodeNew(raw []byte) (*v2beta1.MPIJob, error) {
	// rule T38 in test/forgery TestT38Creations: a job of 3 MB
	if len(raw) > largestCreation {
		return nil, tooLarge("the job has %d bytes", len(raw))
	}
	// rule T38 in test/forgery TestT38Creations: many elements, which take more memory than their JSON
	if err := overgrown(raw); err != nil {
		return nil, Invalid(readName(raw), field.ErrorList{err})
	}
	return Decode(raw)
}

// fits returns a response, or a refusal if the job is too large with its patch.
func fits(request admission.Request, response admission.Response) admission.Response {
	// rule T38 in test/forgery TestT38Creations: a long text that a policy copies
	if size := len(request.Object.Raw) + len(response.Patch); size > largestCreation {
		return refuse(tooLarge("with what the policies add, the job has %d bytes", size))
	}
	return response
}

func tooLarge(format string, args ...any) error {
	return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf(format, args...) +
		fmt.Sprintf(", but the cluster can store at most %d: move data into a ConfigMap, a Secret or a volume", largestCreation))
}

// overgrown returns an error for the first list or object with too many elements. It builds nothing. It
// accepts invalid JSON, for which the decoder has the error.
func overgrown(raw []byte) *field.Error {
	if inBoundsAtAGlance(raw) {
		return nil
	}
	return overgrownList(raw)
}

// overgrownList is overgrown, with a decoder.
func overgrownList(raw []byte) *field.Error {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(raw), asKubernetes)
	var open []int // the most elements of each list and object around the current token
	var err error
	for tokens, next := 1, mostElements; err == nil; tokens++ {
		switch decoder.PeekKind() {
		case '{', '[':
			_, err = decoder.ReadToken()
			open, next = append(open, next), mostElements
		case '}', ']':
			_, err = decoder.ReadToken()
			open, tokens = open[:max(len(open)-1, 0)], tokens-1
		default:
			var token jsontext.Value
			if token, err = decoder.ReadValue(); atName(decoder) {
				token = plain(token)
				// rule T38 in webhook/server TestFloodsOfStrictProjects: a long name that each of thousands of errors repeats
				if len(open) > 0 && open[len(open)-1] == mostRoles && len(token) > longestRole+len(`""`) {
					return field.Forbidden(field.NewPath("spec", "mpiReplicaSpecs"), fmt.Sprintf("the name of a role must have at most %d bytes", longestRole))
				}
			}
			next = mostIn(token)
			if string(token) == `"fieldsV1"` && atName(decoder) {
				_, err = decoder.ReadValue() // of managedFields, which the API server writes
			}
		}
		if len(open) == 0 {
			return nil
		}
		kind, length := decoder.StackIndex(decoder.StackDepth())
		if kind == '{' {
			length /= 2 // of names and values
		}
		if most := open[len(open)-1]; length > int64(most) {
			return field.Forbidden(fieldPath(string(decoder.StackPointer().Parent())), fmt.Sprintf("must have at most %d elements", most))
		}
		if tokens > mostTokens {
			return field.Forbidden(field.NewPath("spec"), fmt.Sprintf("the job must have at most %d names and values", mostTokens))
		}
	}
	return nil
}

// plain returns a name without escape sequences, which the API server does not write.
func plain(name jsontext.Value) jsontext.Value {
	if !bytes.ContainsRune(name, '\\') {
		return name
	}
	name = name.Clone()
	_ = name.Canonicalize() // it is valid
	return name
}

// atName reports whether the last token is the name of a member.
func atName(decoder *jsontext.Decoder) bool {
	kind, length := decoder.StackIndex(decoder.StackDepth())
	return kind == '{' && length%2 == 1
}
