package submit

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/runai-mpi/runai-mpi/cli/kube"
)

// A namedObject is an object in the cluster that a flag names. Without it, the job's pods would never start.
type namedObject struct {
	resource schema.GroupVersionResource
	kind     string // for messages
	name     string
	keys     []string // of a Secret
	flag     string   // as it was typed, as far as messages may quote it
}

// named returns the objects that the flags name.
func (r Request) named() []namedObject {
	return slices.Concat(r.namedClaims(), r.namedSecrets())
}

func (r Request) namedClaims() []namedObject {
	var all []namedObject
	for _, claim := range r.Claims {
		flag := fmt.Sprintf("--pvc %q", claim.typed)
		switch {
		case claim.Existing != "":
			all = append(all, namedObject{resource: kube.Claims, kind: "claim", name: claim.Existing, flag: flag})
		case claim.StorageClass != "":
			all = append(all, namedObject{resource: kube.StorageClasses, kind: "storage class", name: claim.StorageClass, flag: flag})
		}
	}
	return all
}

func (r Request) namedSecrets() []namedObject {
	var all []namedObject
	for _, variable := range r.Container.Env {
		if variable.ValueFrom == nil || variable.ValueFrom.SecretKeyRef == nil {
			continue
		}
		secret := variable.ValueFrom.SecretKeyRef
		all = append(all, namedObject{
			resource: kube.Secrets, kind: "Secret", name: secret.Name, keys: []string{secret.Key}, flag: "--environment " + variable.Name,
		})
	}
	if name := r.Intent.GitSyncSecret; name != "" {
		keys := []string{"username", "password"}
		if r.Intent.GitSync.UsesSSH() {
			keys = []string{"ssh-privatekey", "known_hosts"}
		}
		all = append(all, namedObject{resource: kube.Secrets, kind: "Secret", name: name, keys: keys, flag: "--git-sync secret=" + name})
	}
	return all
}
