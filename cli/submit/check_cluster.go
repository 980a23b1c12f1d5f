package submit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// checkTime bounds the look for the objects that flags name: a job can be submitted without it.
const checkTime = 5 * time.Second

// missing returns which of the objects that the flags name do not exist, one line for each cause. It asks for each object
// once, for all at the same time. What the user is not allowed to read, or what gets no answer, may exist.
func (s *submission) missing(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(kube.Once(ctx), checkTime)
	defer cancel()
	named := s.request.named()
	found := s.look(ctx, named)
	var failure invocation.Failure
	for _, object := range named {
		for _, problem := range s.problems(ctx, object, found[object.id()]) {
			failure = append(failure, object.flag+": "+problem)
		}
	}
	if len(failure) > 0 && s.scope.IsGuess() && s.client.IsMissingNamespace(ctx, s.scope.Namespace) {
		return nil // the creation says so, and the job may belong into another namespace
	}
	return failure.OrNil()
}

// An objectID is what a look asks for: flags can name an object more than once.
type objectID struct {
	resource schema.GroupVersionResource
	name     string
}

func (o namedObject) id() objectID { return objectID{o.resource, o.name} }

// An answer is an object, or that it does not exist; neither if nothing is known.
type answer struct {
	object    *unstructured.Unstructured
	isMissing bool
}

func (s *submission) look(ctx context.Context, named []namedObject) map[objectID]answer {
	answers := map[objectID]answer{}
	for _, object := range named {
		answers[object.id()] = answer{}
	}
	var mutex sync.Mutex
	var reads sync.WaitGroup
	for _, id := range slices.Collect(maps.Keys(answers)) {
		reads.Go(func() {
			stored, err := s.client.Get(ctx, id.resource, s.namespaceOf(id.resource), id.name)
			mutex.Lock()
			defer mutex.Unlock()
			answers[id] = answer{stored, kube.IsMissing(err)}
		})
	}
	reads.Wait()
	return answers
}

// namespaceOf returns where to look for objects: storage classes have no namespace.
func (s *submission) namespaceOf(resource schema.GroupVersionResource) string {
	if resource == kube.StorageClasses {
		return ""
	}
	return s.scope.Namespace
}

// problems returns why an object does not do, nothing if it does or if that is not known.
func (s *submission) problems(ctx context.Context, object namedObject, answer answer) (problems []string) {
	if answer.isMissing {
		where, namespace := "", s.namespaceOf(object.resource)
		if namespace != "" {
			where = " in namespace " + namespace
		}
		names, _ := s.client.Names(ctx, object.resource, namespace) // without them there is no suggestion
		return []string{fmt.Sprintf("%s %q not found%s%s", object.kind, object.name, where, didYouMean(object.name, names))}
	}
	if answer.object == nil {
		return nil
	}
	data, _, _ := unstructured.NestedMap(answer.object.Object, "data")
	for _, key := range object.keys {
		if _, present := data[key]; !present {
			problems = append(problems, fmt.Sprintf("Secret %q has no key %q%s", object.name, key, didYouMean(key, slices.Sorted(maps.Keys(data)))))
		}
	}
	return problems
}

func didYouMean(name string, known []string) string {
	if nearest := suggest.Nearest(name, known); nearest != "" {
		return fmt.Sprintf("\nDid you mean %q?", nearest)
	}
	return ""
}
