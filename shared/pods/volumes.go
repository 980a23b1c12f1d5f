package pods

import (
	corev1 "k8s.io/api/core/v1"
)

func (c *checker) volumeList(path place) {
	names := map[string]bool{}
	for i := range c.pod.Volumes {
		volume, at := &c.pod.Volumes[i], path.Index(i)
		if c.required(at.Child("name"), volume.Name) {
			c.label(at.Child("name"), volume.Name)
			c.unique(names, at.Child("name"), volume.Name, "volume")
		}
		c.volumes[volume.Name] = &volume.VolumeSource
		var room [4]string
		set := room[:0]
		for _, kind := range kinds {
			if kind.isSet(&volume.VolumeSource) {
				set = append(set, kind.name)
				kind.validate(c, volume, at.Child(kind.name))
			}
		}
		if len(set) == 0 { // the API server makes it an emptyDir
			c.volumes[volume.Name] = &corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
			continue
		}
		c.only(at, "one kind", set...)
	}
}

// A kind is a kind of volume, with the rules for its fields.
type kind struct {
	name     string
	isSet    func(*corev1.VolumeSource) bool
	validate func(c *checker, v *corev1.Volume, path place)
}

var kinds = append(storageKinds, []kind{
	{
		"emptyDir", func(v *corev1.VolumeSource) bool { return v.EmptyDir != nil },
		func(c *checker, v *corev1.Volume, path place) { c.emptyDir(v.EmptyDir, path) },
	},
	{
		"hostPath", func(v *corev1.VolumeSource) bool { return v.HostPath != nil },
		func(c *checker, v *corev1.Volume, path place) { c.hostPath(v.HostPath, path) },
	},
	{
		"secret", func(v *corev1.VolumeSource) bool { return v.Secret != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("secretName"), v.Secret.SecretName)
			c.fileMode(path.Child("defaultMode"), v.Secret.DefaultMode)
			c.id(path.Child("defaultUser"), v.Secret.DefaultUser)
			c.items(v.Secret.Items, nil, path)
		},
	},
	{
		"configMap", func(v *corev1.VolumeSource) bool { return v.ConfigMap != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("name"), v.ConfigMap.Name)
			c.fileMode(path.Child("defaultMode"), v.ConfigMap.DefaultMode)
			c.id(path.Child("defaultUser"), v.ConfigMap.DefaultUser)
			c.items(v.ConfigMap.Items, nil, path)
		},
	},
	{
		"downwardAPI", func(v *corev1.VolumeSource) bool { return v.DownwardAPI != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.fileMode(path.Child("defaultMode"), v.DownwardAPI.DefaultMode)
			c.id(path.Child("defaultUser"), v.DownwardAPI.DefaultUser)
			c.downwardFiles(v.DownwardAPI.Items, nil, path)
		},
	},
	{
		"projected", func(v *corev1.VolumeSource) bool { return v.Projected != nil },
		func(c *checker, v *corev1.Volume, path place) { c.projected(v.Projected, path) },
	},
	{
		"persistentVolumeClaim", func(v *corev1.VolumeSource) bool { return v.PersistentVolumeClaim != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("claimName"), v.PersistentVolumeClaim.ClaimName)
		},
	},
	{
		"ephemeral", func(v *corev1.VolumeSource) bool { return v.Ephemeral != nil },
		func(c *checker, v *corev1.Volume, path place) { c.ephemeral(v.Ephemeral, path) },
	},
	{
		"nfs", func(v *corev1.VolumeSource) bool { return v.NFS != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("server"), v.NFS.Server)
			c.absolute(path.Child("path"), v.NFS.Path)
		},
	},
	{
		"csi", func(v *corev1.VolumeSource) bool { return v.CSI != nil },
		func(c *checker, v *corev1.Volume, path place) { c.csi(v.CSI, path) },
	},
	{
		"image", func(v *corev1.VolumeSource) bool { return v.Image != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("reference"), v.Image.Reference)
			c.pullPolicy(v.Image.PullPolicy, path.Child("pullPolicy"))
		},
	},
}...)

func (c *checker) absolute(path place, value string) {
	if c.required(path, value) && value[0] != '/' {
		c.invalid(path, value, "must be an absolute path")
	}
}

func (c *checker) emptyDir(dir *corev1.EmptyDirVolumeSource, path place) {
	if dir.SizeLimit != nil && dir.SizeLimit.Sign() < 0 {
		c.invalid(path.Child("sizeLimit"), dir.SizeLimit.String(), "must be at least 0")
	}
	if dir.Mode != nil && (*dir.Mode < 0 || *dir.Mode > 0o1777) {
		c.invalid(path.Child("mode"), *dir.Mode, "must be from 0 to 01777 (1023)")
	}
}

func (c *checker) hostPath(host *corev1.HostPathVolumeSource, path place) {
	if c.required(path.Child("path"), host.Path) {
		c.noBacksteps(path.Child("path"), host.Path)
	}
	if host.Type != nil && *host.Type != corev1.HostPathUnset {
		choice(c, path.Child("type"), *host.Type, corev1.HostPathDirectory, corev1.HostPathDirectoryOrCreate, corev1.HostPathFile,
			corev1.HostPathFileOrCreate, corev1.HostPathSocket, corev1.HostPathCharDev, corev1.HostPathBlockDev)
	}
}

// items validates which keys become which files. If files is set, it has the paths of the volume so far.
func (c *checker) items(items []corev1.KeyToPath, files map[string]bool, path place) {
	for i, item := range items {
		at := path.Child("items").Index(i)
		c.required(at.Child("key"), item.Key)
		c.fileName(at.Child("path"), item.Path)
		c.fileMode(at.Child("mode"), item.Mode)
		c.id(at.Child("user"), item.User)
		c.onlyFile(files, at.Child("path"), item.Path)
	}
}

// onlyFile validates that no other source of a projected volume has a file of this path.
func (c *checker) onlyFile(files map[string]bool, path place, name string) {
	if files != nil && name != "" {
		c.unique(files, path, name, "file")
	}
}

func (c *checker) downwardFiles(items []corev1.DownwardAPIVolumeFile, files map[string]bool, path place) {
	for i, item := range items {
		at := path.Child("items").Index(i)
		c.fileName(at.Child("path"), item.Path)
		c.fileMode(at.Child("mode"), item.Mode)
		c.id(at.Child("user"), item.User)
		c.onlyFile(files, at.Child("path"), item.Path)
		set := make([]string, 0, 2)
		if item.FieldRef != nil {
			set = append(set, "fieldRef")
			c.fieldRef(item.FieldRef, fileFields, at.Child("fieldRef"))
		}
		if item.ResourceFieldRef != nil {
			set = append(set, "resourceFieldRef")
			c.required(at.Child("resourceFieldRef", "containerName"), item.ResourceFieldRef.ContainerName)
			c.resourceFieldRef(item.ResourceFieldRef, at.Child("resourceFieldRef"))
		}
		c.only(at, "one of fieldRef and resourceFieldRef", set...)
	}
}
