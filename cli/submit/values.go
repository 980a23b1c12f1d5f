package submit

import (
	"fmt"
	"path"
	"strings"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func (r *reader) image(image string) string {
	if image == "" {
		r.mistake("--image", "is missing: write -i and the image to run")
		return "missing"
	}
	if strings.ContainsFunc(image, unicode.IsSpace) {
		r.mistake("--image", fmt.Sprintf("%q is no name of an image: write it without spaces, as in -i example/image:tag", image))
	}
	return image
}

// pullPolicy takes any case, because the documentation itself writes always and ifNotPresent.
func (r *reader) pullPolicy(text string) corev1.PullPolicy {
	for _, policy := range []corev1.PullPolicy{corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever} {
		if strings.EqualFold(text, string(policy)) {
			return policy
		}
	}
	r.mistake("--image-pull-policy", text+" is none: write Always, IfNotPresent or Never")
	return corev1.PullAlways
}

func (r *reader) workingDir(dir string) string {
	if dir != "" && !path.IsAbs(dir) {
		r.mistake("--working-dir", dir+" is no absolute path: write for example --working-dir /code")
	}
	return dir
}

func (r *reader) resource(list *corev1.ResourceList, name corev1.ResourceName, flag, text string) {
	if text == "" {
		return
	}
	quantity, err := resource.ParseQuantity(text)
	if err != nil || quantity.Sign() <= 0 {
		r.mistake(flag, fmt.Sprintf("%s is no amount of %s above 0: write for example %s %s", text, name, flag, example(name)))
		return
	}
	if *list == nil {
		*list = corev1.ResourceList{}
	}
	(*list)[name] = quantity
}

func example(name corev1.ResourceName) string {
	if name == corev1.ResourceCPU {
		return "0.5"
	}
	return "1G"
}
