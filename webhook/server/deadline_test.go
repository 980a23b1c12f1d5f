package server

import (
	"context"
	"net/http"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// givenUp is a cache during whose look-up the client gives up.
type givenUp struct {
	oneProject
	giveUp context.CancelFunc
}

func (g givenUp) FactsOf(ctx context.Context, namespace string) (review.NamespaceFacts, error) {
	g.giveUp()
	return g.oneProject.FactsOf(ctx, namespace)
}

func TestNothingIsDoneForNobody(t *testing.T) {
	raw := marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Obj())
	reapplied := creation(raw)
	reapplied.Operation, reapplied.OldObject.Raw = "UPDATE", raw
	for name, request := range map[string]admission.Request{"creation": creation(raw), "update": reapplied} {
		for _, before := range []bool{true, false} {
			if name == "update" && !before {
				continue // nothing is looked up for an update that changes nothing
			}
			ctx, cancel := context.WithCancel(t.Context())
			if before {
				cancel()
			}
			m, reviewed := mutator(), false
			m.Namespaces = givenUp{m.Namespaces.(oneProject), cancel}
			m.Reviewer.Applied = func(string, *v2beta1.MPIJob) { reviewed = true }
			for _, handler := range []admission.Handler{m, &Validator{m.Lookups, m.Reviewer}} {
				response := handler.Handle(ctx, request)
				if response.Allowed || response.Result.Code != http.StatusGatewayTimeout {
					t.Errorf("%s, given up before: %t: %T answers %+v", name, before, handler, response.AdmissionResponse)
				}
			}
			if reviewed {
				t.Errorf("%s, given up before: %t: the policies were applied", name, before)
			}
		}
	}
}
