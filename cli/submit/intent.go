package submit

import (
	"encoding"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// intent is what only the cluster can decide.
func (f *Flags) intent(r *reader, project string) annotations.Intent {
	intent := annotations.Intent{
		Project:  project,
		NodeType: r.labelValue("--node-type", f.NodeType),
	}
	if f.Interactive {
		intent.Interactive = &f.Interactive
	}
	if f.RunAsUser {
		intent.RunAsUser = &f.RunAsUser
	}
	intent.CreateHomeDir = f.CreateHomeDir
	if gpu := new(annotations.GPU); r.text("--gpu", f.GPU, gpu) {
		intent.GPU = gpu
	}
	r.text("--gpu-memory", f.GPUMemory, &intent.GPUMemory)
	if f.LargeShm != "" {
		if err := intent.Set(annotations.LargeShmKey, string(f.LargeShm)); err != nil {
			r.mistake("--large-shm", string(f.LargeShm)+" "+err.Error())
		}
	}
	return intent
}

// text reads a value, and tells whether there was one that could be read.
func (r *reader) text(flag, text string, into encoding.TextUnmarshaler) bool {
	if text == "" {
		return false
	}
	if err := into.UnmarshalText([]byte(text)); err != nil {
		r.mistake(flag, text+" "+err.Error())
		return false
	}
	return true
}

func (r *reader) labelValue(flag, text string) string {
	if len(validation.IsValidLabelValue(text)) > 0 {
		r.mistake(flag, text+" "+invocation.NoLabelValue)
	}
	return text
}
