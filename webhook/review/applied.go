package review

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

func (r Reviewer) writtenTo(job *v2beta1.MPIJob) annotations.Written {
	return annotations.Written{
		QueueLabel: r.Cluster.Scheduling.QueueLabel, NodeTypeLabel: r.Cluster.NodeTypeLabel, GPUName: string(r.Cluster.GPU.ResourceName),
		Workers: strconv.Itoa(int(mpijob.Workers(job))), Scheduler: r.Cluster.Scheduling.SchedulerName,
	}
}

// under returns a cluster policy with the names that were written to.
func under(w annotations.Written, cluster *config.ClusterPolicy) *config.ClusterPolicy {
	changed := *cluster
	changed.Scheduling.QueueLabel, changed.Scheduling.SchedulerName = w.QueueLabel, w.Scheduler
	changed.NodeTypeLabel, changed.GPU.ResourceName = w.NodeTypeLabel, corev1.ResourceName(w.GPUName)
	return &changed
}

// appliedTo returns what a job says about the policies that were applied to it, and false if it says nothing.
func (r Reviewer) appliedTo(job *v2beta1.MPIJob) (annotations.Applied, bool) {
	text, present := job.Annotations[annotations.AppliedPoliciesKey]
	return annotations.ParseApplied(text, r.writtenTo(job)), present
}

// digestOf returns the digest of what the policies' result for a job depends on, other than its spec. Two
// replicas with equal digests come to the same result.
func (r Reviewer) digestOf(job *v2beta1.MPIJob, in policy.Input) string {
	spec := in.Project.Spec
	spec.WarnOnlyUntil = "" // it does not change what is judged
	intents := map[string]string{}
	for key, value := range job.Annotations {
		if isIntent(key) {
			intents[key] = value
		}
	}
	names, _ := json.Marshal(struct{ Version, Project string }{r.Version, in.Project.Name})
	rest, _ := json.Marshal(struct { // texts, numbers and lists
		Spec     v1alpha1.ProjectSpec
		Identity *annotations.Identity
		Intent   map[string]string
		Workers  int32
	}{
		spec, in.Identity, intents, mpijob.Workers(job),
	})
	sum := sha256.Sum256(slices.Concat(names[:len(names)-1], []byte(`,"Cluster":`), r.clusterJSON(), []byte(","), rest[1:])) // one object
	return hex.EncodeToString(sum[:6])
}

// Prepared returns a reviewer that has computed what depends on the cluster policy alone. Nobody may change the cluster
// policy after that.
func (r Reviewer) Prepared() Reviewer {
	r.prepared = prepared{r.Cluster, r.clusterJSON()}
	return r
}

// prepared is what depends on a cluster policy alone.
type prepared struct {
	cluster *config.ClusterPolicy
	json    []byte
}

func (r Reviewer) clusterJSON() []byte {
	if r.prepared.cluster == r.Cluster && r.prepared.json != nil {
		return r.prepared.json
	}
	text, _ := json.Marshal(r.Cluster) // texts, numbers and lists
	return text
}

func isIntent(key string) bool {
	return strings.HasPrefix(key, annotations.Prefix) && !slices.Contains(records, key)
}
