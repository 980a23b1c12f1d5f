package policy

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// unlistedSubPaths returns an error for each subPath of a volume with files of several users. The kubelet
// resolves it as root: the permissions of the directories on the way are not checked.
func unlistedSubPaths(template mpijob.Template, in Input) field.ErrorList {
	if in.Cluster.SharedStorage.SubPaths == v1alpha1.Allow {
		return nil
	}
	shared := sharedVolumes(template.Spec.Volumes)
	var errs field.ErrorList
	for _, container := range template.Containers() {
		for i, mount := range container.VolumeMounts {
			if !shared[mount.Name] {
				continue
			}
			for _, sub := range []struct{ name, path string }{{"subPath", mount.SubPath}, {"subPathExpr", mount.SubPathExpr}} {
				// rule T29 in test/forgery TestT29NFSAndSubPath: a directory of a colleague in a claim
				// rule T29 in test/e2e TestT29SubPath: a colleague's file
				if sub.path != "" {
					errs = append(errs, field.Invalid(container.Path().Child("volumeMounts").Index(i).Child(sub.name), sub.path,
						"is not allowed for shared storage in project "+in.Project.Name+", because the node would not check permissions on the way: "+
							"mount the whole volume, or ask your administrator to set sharedStorage.subPaths to Allow"))
				}
			}
		}
	}
	return errs
}

// sharedVolumes returns the names of the volumes that may have files of several users.
func sharedVolumes(volumes []corev1.Volume) map[string]bool {
	shared := map[string]bool{}
	for _, v := range volumes {
		isOwn := v.ConfigMap != nil || v.Secret != nil || v.DownwardAPI != nil || v.Projected != nil || v.EmptyDir != nil || v.Image != nil
		if !isOwn {
			shared[v.Name] = true
		}
	}
	return shared
}
