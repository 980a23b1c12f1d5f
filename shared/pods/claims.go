package pods

import (
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ephemeral validates a claim that is made for each pod.
func (c *checker) ephemeral(volume *corev1.EphemeralVolumeSource, path place) {
	at := path.Child("volumeClaimTemplate")
	if volume.VolumeClaimTemplate == nil {
		c.required(at, "")
		return
	}
	meta := volume.VolumeClaimTemplate.ObjectMeta
	c.labels(at.Child("metadata", "labels"), meta.Labels)
	c.annotations(at.Child("metadata", "annotations"), meta.Annotations)
	meta.Labels, meta.Annotations = nil, nil
	if !reflect.DeepEqual(meta, metav1.ObjectMeta{}) {
		c.forbidden(at.Child("metadata"), "can have only labels and annotations: remove everything else")
	}
	c.claimSpec(&volume.VolumeClaimTemplate.Spec, at.Child("spec"))
}

func (c *checker) claimSpec(claim *corev1.PersistentVolumeClaimSpec, path place) {
	modes := path.Child("accessModes")
	if len(claim.AccessModes) == 0 {
		c.required(modes, "")
	}
	for i, mode := range claim.AccessModes {
		choice(c, modes.Index(i), mode, corev1.ReadWriteOnce, corev1.ReadOnlyMany, corev1.ReadWriteMany, corev1.ReadWriteOncePod)
	}
	if slices.Contains(claim.AccessModes, corev1.ReadWriteOncePod) &&
		slices.ContainsFunc(claim.AccessModes, func(mode corev1.PersistentVolumeAccessMode) bool { return mode != corev1.ReadWriteOncePod }) {
		c.forbidden(modes, "ReadWriteOncePod cannot be used together with another mode")
	}
	c.selector(claim.Selector, path.Child("selector"))
	at := path.Child("resources", "requests").Key("storage")
	if storage, isSet := claim.Resources.Requests[corev1.ResourceStorage]; !isSet {
		c.required(at, "")
	} else if storage.Sign() <= 0 {
		c.invalid(at, storage.String(), "must be more than 0")
	}
	if class := claim.StorageClassName; class != nil && *class != "" {
		c.subdomain(path.Child("storageClassName"), *class)
	}
	if class := claim.VolumeAttributesClassName; class != nil && *class != "" {
		c.subdomain(path.Child("volumeAttributesClassName"), *class)
	}
	if claim.VolumeMode != nil {
		choice(c, path.Child("volumeMode"), *claim.VolumeMode, corev1.PersistentVolumeFilesystem, corev1.PersistentVolumeBlock)
	}
	c.dataSources(claim, path)
}

func (c *checker) dataSources(claim *corev1.PersistentVolumeClaimSpec, path place) {
	source, ref := claim.DataSource, claim.DataSourceRef
	if source != nil {
		c.dataSource(source.APIGroup, source.Kind, source.Name, path.Child("dataSource"))
	}
	if ref == nil {
		return
	}
	c.dataSource(ref.APIGroup, ref.Kind, ref.Name, path.Child("dataSourceRef"))
	hasNamespace := ref.Namespace != nil && *ref.Namespace != ""
	if hasNamespace {
		c.label(path.Child("dataSourceRef", "namespace"), *ref.Namespace)
	}
	switch {
	case source == nil:
	case hasNamespace:
		c.forbidden(path.Child("dataSource"), "cannot be used together with dataSourceRef.namespace: remove one of them")
	case !reflect.DeepEqual(source.APIGroup, ref.APIGroup) || source.Kind != ref.Kind || source.Name != ref.Name:
		c.invalid(path.Child("dataSource"), source.Name, "must name the same object as dataSourceRef: remove one of them")
	}
}

func (c *checker) dataSource(group *string, kind, name string, path place) {
	c.required(path.Child("name"), name)
	c.required(path.Child("kind"), kind)
	switch {
	case group != nil && *group != "":
		c.subdomain(path.Child("apiGroup"), *group)
	case kind != "PersistentVolumeClaim" && kind != "":
		c.invalid(path.Child("kind"), kind, "must be PersistentVolumeClaim if apiGroup is not set")
	}
}
