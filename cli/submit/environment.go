package submit

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// secretPrefix begins a value that stands in a Secret: -e NAME=SECRET:secret,key.
const secretPrefix = "SECRET:"

var (
	envName     = regexp.MustCompile(`^[-._a-zA-Z][-._a-zA-Z0-9]*$`)
	nextEnvName = regexp.MustCompile(`,([A-Z][A-Z0-9_]*)=`)
)

// environment splits at the first equal sign only: values keep theirs, and their commas. The last of
// two values for one name counts, as in a shell.
func (r *reader) environment(pairs []string) []corev1.EnvVar {
	var env []corev1.EnvVar
	index := map[string]int{}
	for _, pair := range pairs {
		variable, ok := r.variable(pair)
		if !ok {
			continue
		}
		if i, again := index[variable.Name]; again {
			env[i] = variable
			continue
		}
		index[variable.Name] = len(env)
		env = append(env, variable)
	}
	return env
}

// variable never repeats a value in what it says: it may be a secret, and errors end up in logs.
func (r *reader) variable(pair string) (corev1.EnvVar, bool) {
	name, value, found := strings.Cut(pair, "=")
	if !found || !envName.MatchString(name) {
		r.mistake("--environment", fmt.Sprintf("%s is no NAME=VALUE: write for example -e BATCH_SIZE=50", name))
		return corev1.EnvVar{}, false
	}
	if secret, isSecret := strings.CutPrefix(value, secretPrefix); isSecret {
		return r.fromSecret(name, secret)
	}
	if match := nextEnvName.FindStringSubmatch(value); match != nil {
		r.warnings = append(r.warnings, fmt.Sprintf("the value of --environment %s contains %s=, as if it were two: "+
			"write -e once for each variable", name, match[1]))
	}
	return corev1.EnvVar{Name: name, Value: value}, true
}

func (r *reader) fromSecret(name, text string) (corev1.EnvVar, bool) {
	secret, key, found := strings.Cut(text, ",")
	if !found || len(validation.IsDNS1123Subdomain(secret)) > 0 || len(validation.IsConfigMapKey(key)) > 0 {
		r.mistake("--environment", name+" names no key of a Secret: write "+name+"=SECRET:secret,key")
		return corev1.EnvVar{}, false
	}
	selector := &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: secret}, Key: key}
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: selector}}, true
}
