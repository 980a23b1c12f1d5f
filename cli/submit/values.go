package submit

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
)

func (r *reader) image(image string) string {
	if image == "" {
		r.mistake("--image", `missing --image for "runai submit-mpi", for example --image example/train:v1`)
		return "missing"
	}
	switch {
	case strings.ContainsFunc(image, unicode.IsSpace):
		r.badValue("--image", image, "must not contain spaces")
	case strings.ContainsFunc(image, func(char rune) bool { return char > unicode.MaxASCII || unicode.IsControl(char) }):
		r.badValue("--image", image, "must have only ASCII characters, without curly quotes, for example example/train:v1")
	}
	return image
}

// implementation ignores case, and returns "" for the operator's default.
func (r *reader) implementation(text string) v2beta1.MPIImplementation {
	switch strings.ToLower(text) {
	case "", "openmpi":
		return ""
	case "mpich":
		return v2beta1.MPIImplementationMPICH
	case "intel":
		return v2beta1.MPIImplementationIntel
	}
	r.mistake("--mpi-implementation", invocation.NotOneOf("--mpi-implementation", text, "OpenMPI", "MPICH", "Intel"))
	return ""
}

// pullPolicy ignores case, because the original's documentation writes always and ifNotPresent.
func (r *reader) pullPolicy(text string) corev1.PullPolicy {
	policies := []corev1.PullPolicy{corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever}
	for _, policy := range policies {
		if strings.EqualFold(text, string(policy)) {
			return policy
		}
	}
	r.mistake("--image-pull-policy", invocation.NotOneOf("--image-pull-policy", text, policies...))
	return corev1.PullAlways
}

func (r *reader) workingDir(dir string) string {
	if dir != "" && !path.IsAbs(dir) {
		r.badValue("--working-dir", dir, "must be an absolute path, for example /code")
	}
	return dir
}

// leastMemory is less than any program needs, and more than --memory 8 or --memory 512m ask for.
var leastMemory = resource.MustParse("1Mi")

func (r *reader) resource(list *corev1.ResourceList, name corev1.ResourceName, flag, text string) {
	if text == "" {
		return
	}
	quantity, err := resource.ParseQuantity(text)
	if err != nil || quantity.Sign() <= 0 {
		r.badValue(flag, text, "must be a quantity above 0, for example "+example(name, text))
		return
	}
	if name == corev1.ResourceMemory && quantity.Cmp(leastMemory) < 0 {
		r.badValue(flag, text, "must be at least 1Mi, because a number without a unit is bytes; for example 8Gi")
		return
	}
	if *list == nil {
		*list = corev1.ResourceList{}
	}
	(*list)[name] = quantity
}

// within refuses a request above its limit. The limit's flag has the name of the request's, with -limit.
func (r *reader) within(resources corev1.ResourceRequirements, name corev1.ResourceName, flag, request, limit string) {
	least, most := resources.Requests[name], resources.Limits[name]
	if !most.IsZero() && least.Cmp(most) > 0 {
		r.mistake(flag, fmt.Sprintf("%s %s exceeds %s-limit %s: lower %s or raise %s-limit", flag, request, flag, limit, flag, flag))
	}
}

func example(name corev1.ResourceName, text string) string {
	if name == corev1.ResourceCPU {
		return "0.5"
	}
	return exampleSize(text, "1G")
}

var sizeInBytes = regexp.MustCompile(`^([0-9]+)([MGTmgt])[Bb]$`)

// exampleSize returns 8G or 8Gi for 8GB and 8gb, which Kubernetes does not read, and the standard example for the rest.
func exampleSize(text, standard string) string {
	match := sizeInBytes.FindStringSubmatch(text)
	if match == nil {
		return standard
	}
	size := match[1] + strings.ToUpper(match[2])
	return size + " or " + size + "i"
}
