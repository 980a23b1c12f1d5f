package review

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
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

// applied is the value of run.ai/applied-policies. It proves nothing, because anybody can write it.
type applied struct {
	names   []string // of the policies, in order
	version string   // of the webhook
	digest  string   // of all that the result depends on, other than the spec
	written
}

// written is what tells the policies' work from the author's in a job, even if the cluster policy names other
// labels and another resource today.
type written struct {
	queueLabel, nodeTypeLabel, gpuName, workers, scheduler string
	launcherExempt                                         bool // from the node types
}

func (r Reviewer) writtenTo(job *v2beta1.MPIJob) written {
	return written{
		queueLabel: r.Cluster.Scheduling.QueueLabel, nodeTypeLabel: r.Cluster.NodeTypeLabel, gpuName: string(r.Cluster.GPU.ResourceName),
		workers: strconv.Itoa(int(mpijob.Workers(job))), scheduler: r.Cluster.Scheduling.SchedulerName,
	}
}

func (w written) String() string {
	text := "queue=" + w.queueLabel + ",node-type=" + w.nodeTypeLabel + ",gpu=" + w.gpuName + ",workers=" + w.workers
	if w.scheduler != "" {
		text += ",scheduler=" + w.scheduler
	}
	if w.launcherExempt {
		text += ",launcher=any"
	}
	return text
}

// readWritten returns false for other texts.
func readWritten(text string) (written, bool) {
	found := writtenFormat.FindStringSubmatch(text)
	if found == nil {
		return written{}, false
	}
	return written{found[1], found[2], found[3], found[4], found[5], found[6] != ""}, true
}

var writtenFormat = regexp.MustCompile(`^queue=([^,]*),node-type=([^,]*),gpu=([^,]*),workers=(\d+)(?:,scheduler=([^,]+))?(,launcher=any)?$`)

// under returns a cluster policy with the names that were written to.
func (w written) under(cluster *config.ClusterPolicy) *config.ClusterPolicy {
	changed := *cluster
	changed.Scheduling.QueueLabel, changed.Scheduling.SchedulerName = w.queueLabel, w.scheduler
	changed.NodeTypeLabel, changed.GPU.ResourceName = w.nodeTypeLabel, corev1.ResourceName(w.gpuName)
	return &changed
}

func (a applied) String() string {
	return strings.Join([]string{strings.Join(a.names, ","), a.version, a.digest, a.written.String()}, " ")
}

// appliedTo returns what a job says about the policies that were applied to it, and false if it says nothing.
func (r Reviewer) appliedTo(job *v2beta1.MPIJob) (applied, bool) {
	text, present := job.Annotations[annotations.AppliedPoliciesKey]
	said := applied{written: r.writtenTo(job)} // an older webhook did not write it
	fields := strings.Fields(text)
	if last := len(fields) - 1; last >= 0 {
		if found, valid := readWritten(fields[last]); valid {
			said.written, fields = found, fields[:last]
		}
	}
	if len(fields) > 0 {
		said.names, said.digest = strings.Split(fields[0], ","), fields[len(fields)-1]
	}
	return said, present
}

// digestOf returns the digest of what the policies' result for a job depends on, other than its spec. Two
// replicas with equal digests come to the same result.
func (r Reviewer) digestOf(job *v2beta1.MPIJob, in policy.Input) string {
	spec := in.Project.Spec
	spec.WarnOnlyUntil = ""          // it does not change what is judged
	text, _ := json.Marshal(struct { // texts, numbers and lists
		Version, Project string
		Cluster          any
		Spec             v1alpha1.ProjectSpec
		Identity         *annotations.Identity
		Intent           map[string]string
		Workers          int32
	}{
		r.Version, in.Project.Name, r.Cluster, spec, in.Identity, filtered(job.Annotations, isIntent), mpijob.Workers(job),
	})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

func isIntent(key string) bool {
	return strings.HasPrefix(key, annotations.Prefix) && !slices.Contains(records, key)
}
