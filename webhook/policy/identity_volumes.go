package policy

import (
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// harmlessVolumes are the kinds of volumes with contents of the job's own, or of a claim, which is an
// administrator's word.
var harmlessVolumes = []string{"configMap", "downwardAPI", "emptyDir", "image", "persistentVolumeClaim", "projected", "secret"}

// unlistedVolumes returns an error for each volume that the node would mount as root from a place that no
// administrator has listed. A kind of a newer Kubernetes is refused: it is unknown, or the volume has none.
func unlistedVolumes(template mpijob.Template, in Input) field.ErrorList {
	storage := in.Cluster.SharedStorage
	hostPaths := listOf(in, "hostPaths", storage.HostPaths, in.Project.Spec.SharedStorage.HostPaths)
	exports := listOf(in, "nfs", storage.NFS, in.Project.Spec.SharedStorage.NFS)
	drivers := listOf(in, "csiDrivers", storage.CSIDrivers)
	var errs field.ErrorList
	for i, volume := range template.Spec.Volumes {
		path, kinds := template.Path.Child("spec", "volumes").Index(i), fieldsSet(volume.VolumeSource)
		// rule T34 in test/forgery TestT34VolumeKinds: a kind that the webhook does not know
		if len(kinds) == 0 {
			errs = append(errs, field.Required(path, "must have a kind that this cluster's policies know, for example emptyDir: {}"))
		}
		for _, kind := range kinds {
			switch at := path.Child(kind); kind {
			case "hostPath":
				errs = append(errs, unlistedHostPath(*volume.HostPath, at, hostPaths, in)...)
			case "nfs":
				errs = append(errs, unlistedNFS(*volume.NFS, at, exports)...)
			case "csi":
				errs = append(errs, unlistedDriver(volume.CSI.Driver, at.Child("driver"), drivers)...)
			case "ephemeral":
				errs = append(errs, choosesContents(volume.Ephemeral.VolumeClaimTemplate, at.Child("volumeClaimTemplate"))...)
			default:
				// rule T34 in test/forgery TestT34VolumeKinds: a kind of volume that the node mounts as root
				if !slices.Contains(harmlessVolumes, kind) {
					errs = append(errs, field.Forbidden(at, "is not allowed in project "+in.Project.Name+": use a PersistentVolumeClaim"))
				}
			}
		}
	}
	return errs
}

// fieldsSet returns the JSON names of the fields of a struct that are not empty.
func fieldsSet(object any) []string {
	var names []string
	for member, value := range reflect.ValueOf(object).Fields() {
		if !value.IsZero() {
			name, _, _ := strings.Cut(member.Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	return names
}

// creating lists the types of hostPath with which the kubelet creates the path, as root.
var creating = []corev1.HostPathType{corev1.HostPathDirectoryOrCreate, corev1.HostPathFileOrCreate}

func unlistedHostPath(volume corev1.HostPathVolumeSource, path *field.Path, listed list, in Input) field.ErrorList {
	if in.Cluster.Restrictions.Stricter(in.Project.Spec.Restrictions).HostPath == v1alpha1.Deny {
		return nil // the final validation refuses every hostPath
	}
	var errs field.ErrorList
	// rule T28 in test/forgery TestT28HostPath: a path of the node
	// rule T28 in test/e2e TestT28HostPath: the key of another project's job
	if !slices.Contains(listed.values, volume.Path) {
		errs = append(errs, field.Invalid(path.Child("path"), volume.Path, listed.unlisted()))
	}
	// rule T28 in test/forgery TestT28HostPath: a path that the kubelet creates
	if volume.Type != nil && slices.Contains(creating, *volume.Type) {
		errs = append(errs, field.Invalid(path.Child("type"), *volume.Type, "the node must not create paths in project "+in.Project.Name+": "+
			"remove it, or set Directory or File"))
	}
	return errs
}

func unlistedNFS(volume corev1.NFSVolumeSource, path *field.Path, listed list) field.ErrorList {
	same := func(export string) bool {
		server, directory, _ := strings.Cut(export, ":/")
		return volume.Server == server && volume.Path == "/"+directory
	}
	// rule T29 in test/forgery TestT29NFSAndSubPath: an export, or a path below one
	if slices.ContainsFunc(listed.values, same) {
		return nil
	}
	return field.ErrorList{field.Invalid(path, volume.Server+":"+volume.Path, listed.unlisted())}
}

func unlistedDriver(driver string, path *field.Path, listed list) field.ErrorList {
	// rule T34 in test/forgery TestT34VolumeKinds: a CSI driver
	if !slices.Contains(listed.values, driver) {
		return field.ErrorList{field.Invalid(path, driver, listed.unlisted())}
	}
	return nil
}

// newContents lists the fields of a claim that do not say whose data it has.
var newContents = []string{"accessModes", "resources", "storageClassName", "volumeMode", "volumeAttributesClassName"}

// choosesContents returns an error for each field by which the claim of an ephemeral volume gets an existing
// volume, or the data of another one.
func choosesContents(claim *corev1.PersistentVolumeClaimTemplate, path *field.Path) field.ErrorList {
	if claim == nil {
		return nil // refused by the API server
	}
	var errs field.ErrorList
	for _, name := range fieldsSet(claim.Spec) {
		// rule T34 in test/forgery TestT34VolumeKinds: a volume of somebody else
		if !slices.Contains(newContents, name) {
			errs = append(errs, field.Forbidden(path.Child("spec", name),
				"could give the job the data of another user: remove it, or use a claim that your administrator creates"))
		}
	}
	// rule T34 in test/forgery TestT34VolumeKinds: a directory that the provisioner reads from an annotation
	if len(claim.Annotations) > 0 {
		errs = append(errs, field.Forbidden(path.Child("metadata", "annotations"), "could make the provisioner use the data of another user: remove them"))
	}
	return errs
}
