package submit

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// secretPrefix begins a reference to a Secret: -e NAME=SECRET:SECRET-NAME,KEY.
const secretPrefix = "SECRET:"

var (
	envName     = regexp.MustCompile(`^[-._a-zA-Z][-._a-zA-Z0-9]*$`)
	nextEnvName = regexp.MustCompile(`,([A-Z][A-Z0-9_]*)=`)
)

// environment reads the values of --environment. Only the first equal sign splits a pair, and commas do
// not. The last value of a name wins, as in a shell.
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

// variable reads one pair. No message quotes the value, which may be a secret: errors end up in logs.
func (r *reader) variable(pair string) (corev1.EnvVar, bool) {
	name, value, found := strings.Cut(pair, "=")
	if !found {
		r.malformed("--environment", name, "expected NAME=VALUE, for example BATCH_SIZE=50")
		return corev1.EnvVar{}, false
	}
	if !envName.MatchString(name) {
		r.malformed("--environment", name+"=…", "NAME must have only letters, digits, '_', '-' and '.', and not begin with a digit")
		return corev1.EnvVar{}, false
	}
	if secret, isSecret := strings.CutPrefix(value, secretPrefix); isSecret {
		return r.fromSecret(name, secret)
	}
	if match := nextEnvName.FindStringSubmatch(value); match != nil {
		r.warnings = append(r.warnings, fmt.Sprintf("the value of --environment %s contains %q: "+
			"repeat --environment to set two variables", name, match[1]+"="))
	}
	return corev1.EnvVar{Name: name, Value: value}, true
}

func (r *reader) fromSecret(name, text string) (corev1.EnvVar, bool) {
	secret, key, found := strings.Cut(text, ",")
	if !found || len(validation.IsDNS1123Subdomain(secret)) > 0 || len(validation.IsConfigMapKey(key)) > 0 {
		r.malformed("--environment", name+"="+secretPrefix+"…",
			"expected NAME=SECRET:SECRET-NAME,KEY, for example TOKEN=SECRET:credentials,token")
		return corev1.EnvVar{}, false
	}
	selector := &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: secret}, Key: key}
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: selector}}, true
}
