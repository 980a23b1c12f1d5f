package pods

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

func (c *checker) env(variables []corev1.EnvVar, path place) {
	for i := range variables {
		variable, at := &variables[i], path.Index(i)
		if c.required(at.Child("name"), variable.Name) {
			c.variableName(at.Child("name"), variable.Name)
		}
		if variable.ValueFrom != nil {
			c.valueFrom(variable.ValueFrom, at.Child("valueFrom"))
			if variable.Value != "" {
				c.forbidden(at.Child("valueFrom"), "cannot be used together with value: remove one of them")
			}
		}
	}
}

func (c *checker) variableName(path place, name string) {
	for _, char := range name {
		if char < ' ' || char > '~' || char == '=' {
			c.invalid(path, name, "must have only printable ASCII characters other than '='")
			return
		}
	}
}

func (c *checker) valueFrom(source *corev1.EnvVarSource, path place) {
	var set []string
	if source.FieldRef != nil {
		set = append(set, "fieldRef")
		c.fieldRef(source.FieldRef, envFields, path.Child("fieldRef"))
	}
	if source.ResourceFieldRef != nil {
		set = append(set, "resourceFieldRef")
		c.resourceFieldRef(source.ResourceFieldRef, path.Child("resourceFieldRef"))
	}
	if ref := source.ConfigMapKeyRef; ref != nil {
		set = append(set, "configMapKeyRef")
		c.keyRef(ref.Name, ref.Key, path.Child("configMapKeyRef"))
	}
	if ref := source.SecretKeyRef; ref != nil {
		set = append(set, "secretKeyRef")
		c.keyRef(ref.Name, ref.Key, path.Child("secretKeyRef"))
	}
	if source.FileKeyRef != nil {
		set = append(set, "fileKeyRef")
		c.fileKeyRef(source.FileKeyRef, path.Child("fileKeyRef"))
	}
	c.only(path, "one of fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef and fileKeyRef", set...)
}

func (c *checker) keyRef(name, key string, path place) {
	c.subdomain(path.Child("name"), name)
	if c.required(path.Child("key"), key) && (len(key) > 253 || len(validation.IsConfigMapKey(key)) > 0) {
		c.invalid(path.Child("key"), key, "must have at most 253 letters, digits, '-', '_' and '.', and not be '.' or begin with '..'")
	}
}

func (c *checker) fileKeyRef(ref *corev1.FileKeySelector, path place) {
	if c.required(path.Child("key"), ref.Key) {
		c.variableName(path.Child("key"), ref.Key)
	}
	if c.required(path.Child("path"), ref.Path) {
		c.noBacksteps(path.Child("path"), ref.Path)
	}
	if !c.required(path.Child("volumeName"), ref.VolumeName) {
		return
	}
	switch volume := c.volumes[ref.VolumeName]; {
	case volume == nil:
		c.missingVolume(path.Child("volumeName"), ref.VolumeName)
	case volume.EmptyDir == nil:
		c.invalid(path.Child("volumeName"), ref.VolumeName, "must be an emptyDir volume")
	}
}

func (c *checker) envFrom(sources []corev1.EnvFromSource, path place) {
	for i, source := range sources {
		at := path.Index(i)
		c.variableName(at.Child("prefix"), source.Prefix)
		var set []string
		if source.ConfigMapRef != nil {
			set = append(set, "configMapRef")
			c.subdomain(at.Child("configMapRef", "name"), source.ConfigMapRef.Name)
		}
		if source.SecretRef != nil {
			set = append(set, "secretRef")
			c.subdomain(at.Child("secretRef", "name"), source.SecretRef.Name)
		}
		c.only(at, "one of configMapRef and secretRef", set...)
	}
}

// The fields of a pod that a variable, and a file, can have.
var (
	envFields = []string{
		"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
		"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
	}
	fileFields = []string{"metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid"}
)

func (c *checker) fieldRef(ref *corev1.ObjectFieldSelector, fields []string, path place) {
	if ref.APIVersion != "" && ref.APIVersion != "v1" {
		c.invalid(path.Child("apiVersion"), ref.APIVersion, "must be v1")
	}
	at, name := path.Child("fieldPath"), ref.FieldPath
	if !c.required(at, name) {
		return
	}
	of, key, found := strings.Cut(strings.TrimSuffix(name, "']"), "['")
	switch isKey := found && strings.HasSuffix(name, "']") && of != ""; {
	case isKey && of == "metadata.labels":
		c.qualifiedName(at, key)
	case isKey && of == "metadata.annotations":
		c.qualifiedName(at, strings.ToLower(key))
	case !slices.Contains(fields, name) && (name != "spec.host" || !slices.Contains(fields, "spec.nodeName")):
		c.invalid(at, name, "must be "+suggest.OneOf(append(slices.Clone(fields), "metadata.labels['KEY']", "metadata.annotations['KEY']")...))
	}
}

var resourceFields = []string{"cpu", "memory", "ephemeral-storage"}

func (c *checker) resourceFieldRef(ref *corev1.ResourceFieldSelector, path place) {
	at := path.Child("resource")
	if !c.required(at, ref.Resource) {
		return
	}
	kind, name, _ := strings.Cut(ref.Resource, ".")
	isHuge := strings.HasPrefix(name, "hugepages-")
	if kind != "limits" && kind != "requests" || !slices.Contains(resourceFields, name) && !isHuge {
		c.invalid(at, ref.Resource, "must be limits or requests of cpu, memory, ephemeral-storage or hugepages, for example limits.memory")
		return
	}
	divisors := "1 1k 1M 1G 1T 1P 1E 1Ki 1Mi 1Gi 1Ti 1Pi 1Ei"
	if name == "cpu" {
		divisors = "1 1m"
	}
	choices := strings.Fields(divisors)
	if unset := (resource.Quantity{}); ref.Divisor.Cmp(unset) != 0 && !slices.Contains(choices, ref.Divisor.String()) {
		c.invalid(path.Child("divisor"), ref.Divisor.String(), "must be "+suggest.OneOf(choices...))
	}
}
