package review

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// Asks reports whether a job, as JSON, asks for the webhook, or has been admitted by it: it has an annotation of the
// domain run.ai/ or files.run.ai/ or, as from runai, the gate run.ai/admission. Such a job is judged everywhere. A job
// that cannot be read far enough is judged, too. Nothing else of the job is decoded.
func Asks(raw []byte) bool {
	type metadata struct {
		Annotations map[string]jsontext.Value `json:"annotations"`
	}
	var job struct {
		Metadata metadata `json:"metadata"`
		Spec     struct {
			MPIReplicaSpecs map[string]struct {
				Template struct {
					Metadata metadata `json:"metadata"`
					Spec     struct {
						SchedulingGates []struct {
							Name string `json:"name"`
						} `json:"schedulingGates"`
					} `json:"spec"`
				} `json:"template"`
			} `json:"mpiReplicaSpecs"`
		} `json:"spec"`
	}
	if json.Unmarshal(raw, &job, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
		return true
	}
	// rule T45 in webhook/server TestWarnedOnlyJudgesWhatAsks: to lose the identity that a job has asked for
	if hasOurs(job.Metadata.Annotations) {
		return true
	}
	for _, role := range job.Spec.MPIReplicaSpecs {
		// rule T45 in webhook/server TestWarnedOnlyJudgesWhatAsks: a stamp on a pod
		if hasOurs(role.Template.Metadata.Annotations) {
			return true
		}
		for _, gate := range role.Template.Spec.SchedulingGates {
			if gate.Name == annotations.AdmissionGate {
				return true
			}
		}
	}
	return false
}

func hasOurs(all map[string]jsontext.Value) bool {
	for key := range all {
		if strings.HasPrefix(key, annotations.Prefix) || strings.HasPrefix(key, annotations.FilesPrefix) {
			return true
		}
	}
	return false
}
