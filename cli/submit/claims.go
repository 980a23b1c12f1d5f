package submit

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
)

const claimForm = "expected CLAIM:PATH[:ro], or [STORAGE-CLASS]:SIZE:PATH[:ro] for a new claim"

// A Claim is a persistent volume claim of the job: one that exists, or a new one.
type Claim struct {
	Existing string // its name, "" for a new claim

	StorageClass string // Default: the cluster's.
	Size         resource.Quantity
	AccessMode   corev1.PersistentVolumeAccessMode

	path     string
	readOnly bool
	typed    string
}

// claims reads the values of --pvc.
func (r *reader) claims(values []string, accessMode string) []Claim {
	mode := r.claimMode(accessMode)
	var all []Claim
	for _, value := range splitWhere(values, isClaim) {
		claim, problem := readClaim(value)
		if problem != "" {
			r.malformed("--pvc", value, problem)
			continue
		}
		claim.AccessMode, claim.typed = mode, value
		all = append(all, claim)
	}
	return all
}

var claimModes = []corev1.PersistentVolumeAccessMode{
	corev1.ReadWriteMany, corev1.ReadOnlyMany, corev1.ReadWriteOnce, corev1.ReadWriteOncePod,
}

func (r *reader) claimMode(text string) corev1.PersistentVolumeAccessMode {
	for _, mode := range claimModes {
		if strings.EqualFold(text, string(mode)) {
			return mode
		}
	}
	r.mistake("--pvc-access-mode", invocation.NotOneOf("--pvc-access-mode", text, claimModes...))
	return corev1.ReadWriteMany
}

// readClaim reads one claim. As in the original, two fields name a claim that exists, and four describe a
// new one. Three fields describe a new one if the first is empty or the second is a size.
func readClaim(value string) (Claim, string) {
	fields := strings.Split(value, ":")
	isNew := len(fields) == 4 || len(fields) == 3 && (fields[0] == "" || isSize(fields[1]))
	switch {
	case len(fields) < 2 || len(fields) > 4:
		return Claim{}, claimForm + ", for example my-claim:/data"
	case isNew:
		return newClaim(append(fields, "")[:4])
	}
	return existingClaim(append(fields, "")[:3])
}

func newClaim(fields []string) (claim Claim, problem string) {
	claim = Claim{StorageClass: fields[0], path: fields[2]}
	if claim.StorageClass != "" && len(validation.IsDNS1123Subdomain(claim.StorageClass)) > 0 {
		return claim, "STORAGE-CLASS must be a name from 'kubectl get storageclasses', or empty for the default"
	}
	size, err := resource.ParseQuantity(fields[1])
	if err != nil || size.Sign() <= 0 {
		return claim, "SIZE must be a quantity above 0, for example " + exampleSize(fields[1], "3Gi")
	}
	claim.Size = size
	return claim, claim.mounted(fields[3])
}

func existingClaim(fields []string) (claim Claim, problem string) {
	claim = Claim{Existing: fields[0], path: fields[1]}
	if claim.Existing == "" {
		return claim, claimForm
	}
	if len(validation.IsDNS1123Subdomain(claim.Existing)) > 0 {
		return claim, "CLAIM must be the name of a claim; " + claimForm
	}
	return claim, claim.mounted(fields[2])
}

func (c *Claim) mounted(mode string) (problem string) {
	if !isMountPath(c.path) {
		return "PATH must be an absolute path other than /; " + claimForm
	}
	c.readOnly, problem = accessMode(mode)
	return problem
}

func isSize(text string) bool {
	_, err := resource.ParseQuantity(text)
	return err == nil
}

func isClaim(text string) bool {
	_, problem := readClaim(text)
	return problem == ""
}

// name returns the claim's name in the cluster. The index is the claim's place among those of the job.
func (c Claim) name(job string, index int) string {
	if c.Existing != "" {
		return c.Existing
	}
	return fmt.Sprintf("pvc-%s-%d", job, index)
}

func (c Claim) mountIn(job string, index int) mounted {
	volume := fmt.Sprintf("pvc-volume-%d", index)
	return mounted{
		corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{
			ClaimName: c.name(job, index),
		}}},
		corev1.VolumeMount{Name: volume, MountPath: c.path, ReadOnly: c.readOnly},
		"--pvc", c.typed,
	}
}

// object returns the claim to create. It has no owner, so that the user's data outlives the job.
func (c Claim) object(job, namespace string, index int) *unstructured.Unstructured {
	spec := map[string]any{
		"accessModes": []any{string(c.AccessMode)},
		"volumeMode":  string(corev1.PersistentVolumeFilesystem),
		"resources":   map[string]any{"requests": map[string]any{"storage": c.Size.String()}},
	}
	if c.StorageClass != "" {
		spec["storageClassName"] = c.StorageClass
	}
	claim := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": spec}}
	claim.SetName(c.name(job, index))
	claim.SetNamespace(namespace)
	claim.SetLabels(map[string]string{"app.kubernetes.io/managed-by": "runai", "app.kubernetes.io/instance": job})
	return claim
}
