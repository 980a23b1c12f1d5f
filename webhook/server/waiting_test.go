package server

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// answers is a client whose lists fail.
type answers struct {
	client.Reader
	errors []error // of one list after the other
}

func (a *answers) List(context.Context, client.ObjectList, ...client.ListOption) error {
	err := a.errors[0]
	a.errors = a.errors[1:]
	return err
}

func TestReasonsForWaiting(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "projects"}, "", errors.New("not by you"))
	missing := apierrors.NewNotFound(schema.GroupResource{Resource: "projects"}, "")
	all := caches{{plural: "A"}, {plural: "B"}, {plural: "C"}}
	const prepare = "it does not serve them: apply the CRDs, as 'runai-webhook prepare' does"
	for _, test := range []struct {
		name   string
		errors []error
		want   []string
	}{
		{"nobody answers", []error{errors.New("connection refused")}, []string{"A, B, C: connection refused"}},
		{"it stops answering", []error{forbidden, errors.New("timeout")}, []string{"A: not permitted to list them: " + forbidden.Error(), "B, C: timeout"}},
		{"each another reason", []error{forbidden, missing, nil}, []string{
			"A: not permitted to list them: " + forbidden.Error(), "B: " + prepare, "C: it has answered, and has not sent everything yet"}},
		{"no CRDs", []error{nil, missing, missing}, []string{"A: it has answered, and has not sent everything yet", "B, C: " + prepare}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, line := range all.reasons(t.Context(), &answers{errors: test.errors}) {
				got = append(got, strings.Join(line.plurals, ", ")+": "+line.reason)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
