package pods

import (
	corev1 "k8s.io/api/core/v1"
)

func (c *checker) missingVolume(path place, name string) {
	c.invalid(path, name, "is not the name of a volume of this template: add the volume, or use the name of one")
}

func (c *checker) mounts(container *corev1.Container, path place) {
	taken, devices, devicePaths := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, device := range container.VolumeDevices {
		devices[device.Name], devicePaths[device.DevicePath] = true, true
	}
	for i := range container.VolumeMounts {
		mount, at := &container.VolumeMounts[i], path.Index(i)
		if c.required(at.Child("name"), mount.Name) && c.volumes[mount.Name] == nil {
			c.missingVolume(at.Child("name"), mount.Name)
		}
		if devices[mount.Name] {
			c.invalid(at.Child("name"), mount.Name, "is also in volumeDevices: remove one of them")
		}
		if !c.required(at.Child("mountPath"), mount.MountPath) {
			continue
		}
		if taken[mount.MountPath] {
			c.invalid(at.Child("mountPath"), mount.MountPath, "is already the path of another mount: use another path")
		}
		if devicePaths[mount.MountPath] {
			c.invalid(at.Child("mountPath"), mount.MountPath, "is already the path of a device: use another path")
		}
		taken[mount.MountPath] = true
		c.mountOptions(mount, container.SecurityContext, at)
	}
}

func (c *checker) mountOptions(mount *corev1.VolumeMount, context *corev1.SecurityContext, path place) {
	c.localPath(path.Child("subPath"), mount.SubPath)
	c.localPath(path.Child("subPathExpr"), mount.SubPathExpr)
	if mount.SubPath != "" && mount.SubPathExpr != "" {
		c.forbidden(path.Child("subPathExpr"), "cannot be used together with subPath: remove one of them")
	}
	if propagation := mount.MountPropagation; propagation != nil {
		at := path.Child("mountPropagation")
		choice(c, at, *propagation, corev1.MountPropagationNone, corev1.MountPropagationHostToContainer, corev1.MountPropagationBidirectional)
		isPrivileged := context != nil && context.Privileged != nil && *context.Privileged
		if *propagation == corev1.MountPropagationBidirectional && !isPrivileged {
			c.forbidden(at, "cannot be Bidirectional in a container that is not privileged")
		}
	}
	if recursive := mount.RecursiveReadOnly; recursive != nil {
		at := path.Child("recursiveReadOnly")
		choice(c, at, *recursive, corev1.RecursiveReadOnlyDisabled, corev1.RecursiveReadOnlyIfPossible, corev1.RecursiveReadOnlyEnabled)
		if *recursive != corev1.RecursiveReadOnlyDisabled {
			if !mount.ReadOnly {
				c.forbidden(at, "needs readOnly: true")
			}
			if mount.MountPropagation != nil && *mount.MountPropagation != corev1.MountPropagationNone {
				c.forbidden(at, "cannot be used together with this mountPropagation: remove one of them")
			}
		}
	}
	seen := map[string]bool{}
	for i, option := range mount.BindMountOptions {
		at := path.Child("bindMountOptions").Index(i)
		choice(c, at, corev1.BindMountOption(option), corev1.BindMountOptionNoExec, corev1.BindMountOptionNoDev, corev1.BindMountOptionNoSUID)
		c.unique(seen, at, option, "option")
	}
	if volume := c.volumes[mount.Name]; len(mount.BindMountOptions) > 0 && volume != nil && volume.Image != nil {
		c.forbidden(path.Child("bindMountOptions"), "cannot be used with an image volume: remove it")
	}
}

func (c *checker) devices(container *corev1.Container, path place) {
	names, paths := map[string]bool{}, map[string]bool{}
	for i, device := range container.VolumeDevices {
		at := path.Index(i)
		if c.required(at.Child("name"), device.Name) && c.unique(names, at.Child("name"), device.Name, "device") {
			switch volume := c.volumes[device.Name]; {
			case volume == nil:
				c.missingVolume(at.Child("name"), device.Name)
			case volume.PersistentVolumeClaim == nil && volume.Ephemeral == nil:
				c.invalid(at.Child("name"), device.Name, "must be a volume with a claim")
			}
		}
		if c.required(at.Child("devicePath"), device.DevicePath) {
			c.unique(paths, at.Child("devicePath"), device.DevicePath, "device")
			c.noBacksteps(at.Child("devicePath"), device.DevicePath)
		}
	}
}
