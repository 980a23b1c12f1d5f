package cluster

import (
	"context"

	"github.com/runai-mpi/runai-mpi/webhook/check"
	"github.com/runai-mpi/runai-mpi/webhook/doctor"
)

// callWebhook calls the webhooks of the product as the API server does. From outside of the cluster, nobody can say
// whether one that does not answer works.
func callWebhook(ctx context.Context, snapshot *doctor.Snapshot, options Options) {
	called := map[string]bool{}
	for _, webhook := range snapshot.OwnWebhooks() {
		result := check.Endpoint(ctx, webhook, options.Service)
		if called[result.Subject] {
			continue
		}
		called[result.Subject] = true
		if result.Unreached && options.Outside && options.Service == "" {
			snapshot.Unread[doctor.Endpoints] = "the webhook cannot be reached from here: run 'kubectl port-forward' to its Service, and use --service"
			return
		}
		snapshot.Calls = append(snapshot.Calls, result)
	}
}
