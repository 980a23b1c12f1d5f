package annotations

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// Path is the field path of an annotation, as errors name it: metadata.annotations[run.ai/gpu].
func Path(key string) *field.Path { return parent.Key(key) }

var parent = field.NewPath("metadata", "annotations")

// Parse reads the intent out of an MPIJob's annotations. It returns every error at once, each with
// the path of its annotation, and the intents that could be read. Annotations of other domains, and
// those that the webhook itself writes, are passed over.
func Parse(annotations map[string]string) (Intent, field.ErrorList) {
	var intent Intent
	var errs field.ErrorList
	for _, row := range contract {
		value, present := annotations[row.key]
		if !present {
			continue
		}
		if err := read(row, &intent, value); err != nil {
			errs = append(errs, invalid(row.key, value, err))
		}
	}
	errs = append(errs, together(annotations)...)
	return intent, append(errs, unknown(annotations)...)
}

// longest is the length of the longest value that is read. A list of 256 groups needs 2.8 kB.
const longest = 4096

func read(row row, intent *Intent, value string) error {
	if len(value) > longest {
		return fmt.Errorf("must have at most %d characters", longest)
	}
	return row.read(intent, value)
}

// invalid names the value, unless it may hold a credential.
func invalid(key, value string, err error) *field.Error {
	if key == GitSyncKey {
		return field.Forbidden(Path(key), err.Error())
	}
	return field.Invalid(Path(key), value, err.Error())
}

// together checks the annotations that exclude or need each other.
func together(annotations map[string]string) field.ErrorList {
	var errs field.ErrorList
	has := func(key string) bool { _, present := annotations[key]; return present }
	if has(GPUKey) && has(GPUMemoryKey) {
		errs = append(errs, field.Forbidden(Path(GPUMemoryKey), "cannot be used with "+GPUKey+": remove one of them"))
	}
	if has(GPUDevicesKey) && !has(GPUMemoryKey) && !isFraction(annotations[GPUKey]) {
		errs = append(errs, field.Forbidden(Path(GPUDevicesKey),
			"needs "+GPUMemoryKey+", or a fraction in "+GPUKey+": set one of them, or use only "+GPUKey+" for whole GPUs"))
	}
	if has(GitSyncSecretKey) && !has(GitSyncKey) {
		errs = append(errs, field.Forbidden(Path(GitSyncSecretKey), "needs "+GitSyncKey+": set it, or remove this annotation"))
	}
	return errs
}

func isFraction(text string) bool {
	var gpu GPU
	return gpu.UnmarshalText([]byte(text)) == nil && gpu.IsFraction()
}

func unknown(annotations map[string]string) field.ErrorList {
	known := []string{SubmittedByKey, AppliedPoliciesKey}
	intents := keys()
	var misspelt []string
	for key := range annotations {
		if strings.HasPrefix(key, Prefix) && !slices.Contains(known, key) && !slices.Contains(intents, key) {
			misspelt = append(misspelt, key)
		}
	}
	slices.Sort(misspelt)
	errs := make(field.ErrorList, 0, len(misspelt))
	for _, key := range misspelt {
		errs = append(errs, field.Forbidden(Path(key), unknownKey(key, intents)))
	}
	return errs
}

func keys() []string {
	all := make([]string, 0, len(contract))
	for _, row := range contract {
		all = append(all, row.key)
	}
	return all
}

func unknownKey(key string, intents []string) string {
	if nearest := suggest.Nearest(strings.TrimPrefix(key, Prefix), withoutPrefix(intents)); nearest != "" {
		return fmt.Sprintf("unknown annotation; did you mean %s%s?", Prefix, nearest)
	}
	return fmt.Sprintf("unknown annotation: must be one of %s", strings.Join(intents, ", "))
}

func withoutPrefix(keys []string) []string {
	short := make([]string, 0, len(keys))
	for _, key := range keys {
		short = append(short, strings.TrimPrefix(key, Prefix))
	}
	return short
}
