package review

import (
	"testing"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// A prepared reviewer has the same digest as one that is not, and another one under another cluster policy, project,
// identity, version or intent.
func TestDigest(t *testing.T) {
	reviewer, request := measuredRequest()
	job, in := measuredJob(nil), policy.Input{Project: request.Project, Identity: request.Submitter.Identity}
	digest := Reviewer{Cluster: reviewer.Cluster, Version: reviewer.Version}.digestOf(job, in)
	if prepared := reviewer.digestOf(job, in); prepared != digest {
		t.Errorf("the digest of a prepared reviewer is %s, want %s", prepared, digest)
	}
	for name, change := range map[string]func(r *Reviewer, in *policy.Input){
		"cluster policy": func(r *Reviewer, _ *policy.Input) {
			changed := *r.Cluster
			changed.SSH.Port++
			r.Cluster = &changed
		},
		"project": func(_ *Reviewer, in *policy.Input) {
			in.Project = in.Project.DeepCopy()
			in.Project.Spec.Identity = v1alpha1.IdentityRequired
		},
		"identity": func(_ *Reviewer, in *policy.Input) { in.Identity = nil },
		"version":  func(r *Reviewer, _ *policy.Input) { r.Version = "another" },
	} {
		other, with := reviewer, in
		if change(&other, &with); other.digestOf(job, with) == digest {
			t.Errorf("%s: another one has the same digest", name)
		}
	}
	for _, intents := range []map[string]string{{annotations.InteractiveKey: "true"}, {annotations.LargeShmKey: "1Gi"}} {
		if reviewer.digestOf(measuredJob(intents), in) == digest {
			t.Errorf("%v has the same digest", intents)
		}
	}
}
