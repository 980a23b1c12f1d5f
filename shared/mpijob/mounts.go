package mpijob

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/shared/paths"
)

// ReadOnlyAround returns the index of the innermost mount around a path, and whether it is read-only.
func ReadOnlyAround(template Template, container *corev1.Container, target string) (int, bool) {
	mounts := container.VolumeMounts
	around, at := -1, ""
	for i, mount := range mounts {
		if own := paths.Absolute(mount.MountPath); paths.IsBelow(target, own) && len(own) > len(at) {
			around, at = i, own
		}
	}
	if around < 0 {
		return around, false
	}
	volume := (&sources{list: template.Spec.Volumes}).of(mounts[around].Name)
	return around, mounts[around].ReadOnly || volume != nil && isAlwaysReadOnly(volume)
}

func volumesOf(list []corev1.Volume) map[string]*corev1.VolumeSource {
	volumes := make(map[string]*corev1.VolumeSource, len(list))
	for i := range list {
		volumes[list[i].Name] = &list[i].VolumeSource
	}
	return volumes
}

// isAlwaysReadOnly reports whether containers cannot write to a volume, whatever its mount says: files that the
// kubelet writes, images, and sources that say readOnly.
func isAlwaysReadOnly(source *corev1.VolumeSource) bool {
	if source.ConfigMap != nil || source.Secret != nil || source.DownwardAPI != nil || source.Projected != nil || source.Image != nil {
		return true
	}
	kinds := reflect.ValueOf(*source)
	for i := range kinds.NumField() {
		kind := kinds.Field(i)
		if kind.IsNil() {
			continue
		}
		switch readOnly := kind.Elem().FieldByName("ReadOnly"); {
		case !readOnly.IsValid():
		case readOnly.Kind() == reflect.Bool:
			return readOnly.Bool()
		case readOnly.Kind() == reflect.Pointer && !readOnly.IsNil():
			return readOnly.Elem().Bool()
		}
	}
	return false
}

// CheckMounts looks at each mount below a read-only one, in which the container runtime can make no directory. It returns
// an error if there is none, because the container can never be created, and a warning if only a running container knows.
func CheckMounts(job *v2beta1.MPIJob) (errs field.ErrorList, warnings []string) {
	eachNested(job, func(n nested) {
		switch presenceOf(n.outer, n.inside) {
		case absent:
			errs = append(errs, field.Invalid(n.path, n.mountPath,
				fmt.Sprintf("is below %s, which is read-only and does not have it: use another path", n.around)))
		case unknown:
			warnings = append(warnings, fmt.Sprintf("%s: %s is below %s, which is read-only: the container cannot start unless the volume already has %q",
				n.path, n.mountPath, n.around, n.inside))
		}
	})
	return errs, warnings
}

// A nested mount is below a read-only one.
type nested struct {
	path                      *field.Path
	mountPath, around, inside string // inside is relative to the outer mount
	outer                     *corev1.VolumeSource
}

// eachNested visits the nested mounts. If an init container mounts what another container mounts, as those of the
// policies do, that mount is not visited again.
func eachNested(job *v2beta1.MPIJob, visit func(nested)) {
	for _, role := range knownRoles {
		template, exists := TemplateOf(job, role)
		if !exists {
			continue
		}
		seen, known := map[string]bool{}, sources{list: template.Spec.Volumes}
		for _, container := range template.Containers() {
			mounts := container.VolumeMounts
			known.made = nil
			if container.Container == template.Main() {
				mounts, known.made = withMade(job, role, mounts)
			}
			nestedIn(container, mounts, &known, func(n nested) {
				key := n.mountPath + "\x00" + n.around
				if !seen[key] || container.list == "containers" {
					visit(n)
				}
				seen[key] = true
			})
		}
	}
}

// sources are the volumes that a container can mount, by name: the template's, and those that the operator adds.
type sources struct {
	list      []corev1.Volume
	own, made map[string]*corev1.VolumeSource
}

func (s *sources) of(name string) *corev1.VolumeSource {
	if volume, isMade := s.made[name]; isMade {
		return volume
	}
	if s.own == nil { // few templates have mounts for which the volume counts
		s.own = volumesOf(s.list)
	}
	return s.own[name]
}

// What the operator adds to the volumes of each role.
var (
	madeForWorkers   = map[string]*corev1.VolumeSource{sshVolume: {Secret: &corev1.SecretVolumeSource{Items: filesNamed("id_rsa", "id_rsa.pub", "authorized_keys")}}}
	madeForLaunchers = map[string]*corev1.VolumeSource{
		sshVolume:    madeForWorkers[sshVolume],
		configVolume: {ConfigMap: &corev1.ConfigMapVolumeSource{Items: filesNamed("hostfile", "discover_hosts.sh")}},
	}
)

func filesNamed(names ...string) []corev1.KeyToPath {
	items := make([]corev1.KeyToPath, 0, len(names))
	for _, name := range names {
		items = append(items, corev1.KeyToPath{Key: name, Path: name})
	}
	return items
}

// withMade adds what the operator mounts in a main container, and returns its volumes.
func withMade(job *v2beta1.MPIJob, role v2beta1.MPIReplicaType, own []corev1.VolumeMount) ([]corev1.VolumeMount, map[string]*corev1.VolumeSource) {
	mounts := append(make([]corev1.VolumeMount, 0, len(own)+2), own...)
	mounts = append(mounts, corev1.VolumeMount{Name: sshVolume, MountPath: sshMountPath(job)})
	if role != Launcher {
		return mounts, madeForWorkers
	}
	return append(mounts, corev1.VolumeMount{Name: configVolume, MountPath: configMount}), madeForLaunchers
}

// A placedMount is a mount with its absolute path.
type placedMount struct {
	*corev1.VolumeMount
	at    string
	index int
}

// nestedIn visits the mounts of a container whose innermost mount around them is read-only.
func nestedIn(container Container, mounts []corev1.VolumeMount, volumes *sources, visit func(nested)) {
	all := make([]placedMount, len(mounts))
	for i := range mounts {
		all[i] = placedMount{&mounts[i], paths.Absolute(mounts[i].MountPath), i}
	}
	slices.SortStableFunc(all, func(a, b placedMount) int { return insideAfter(a.at, b.at) })
	around := all[:0] // those around the next one: never more than have been visited
	for _, mount := range all {
		for len(around) > 0 && !paths.IsBelow(mount.at, around[len(around)-1].at) {
			around = around[:len(around)-1]
		}
		if len(around) > 0 {
			outer := around[len(around)-1]
			volume := volumes.of(outer.Name)
			if outer.ReadOnly || volume != nil && isAlwaysReadOnly(volume) {
				visit(newNested(container, mount, outer, volume))
			}
		}
		around = append(around, mount)
	}
}

// insideAfter orders paths so that a directory is followed by everything in it.
func insideAfter(a, b string) int {
	for i := range min(len(a), len(b)) {
		switch {
		case a[i] == b[i]:
		case a[i] == '/':
			return -1
		case b[i] == '/':
			return 1
		default:
			return cmp.Compare(a[i], b[i])
		}
	}
	return cmp.Compare(len(a), len(b))
}

func newNested(container Container, mount, outer placedMount, volume *corev1.VolumeSource) nested {
	n := nested{path: container.Path().Child("volumeMounts"), mountPath: mount.MountPath, around: outer.at}
	if mount.index < len(container.VolumeMounts) { // else the operator's
		n.path = n.path.Index(mount.index).Child("mountPath")
	} else if outer.index < len(container.VolumeMounts) {
		n.path = n.path.Index(outer.index).Child("mountPath")
	}
	n.inside = strings.TrimPrefix(strings.TrimPrefix(mount.at, outer.at), "/")
	if outer.SubPath == "" && outer.SubPathExpr == "" {
		n.outer = volume
	}
	return n
}

// presence reports whether a volume has something at a path, as far as that is known.
type presence int

const (
	unknown presence = iota
	present
	absent
)

func presenceOf(volume *corev1.VolumeSource, inside string) presence {
	switch {
	case volume == nil:
		return unknown
	case volume.ConfigMap != nil:
		return presenceIn(volume.ConfigMap.Items, inside)
	case volume.Secret != nil:
		return presenceIn(volume.Secret.Items, inside)
	}
	return unknown
}

// presenceIn reports whether a file or a directory of these files is at a path. Without items, the files are the keys
// of an object, which have no directories.
func presenceIn(items []corev1.KeyToPath, inside string) presence {
	switch {
	case len(items) == 0 && strings.Contains(inside, "/"):
		return absent
	case len(items) == 0:
		return unknown
	case slices.ContainsFunc(items, func(item corev1.KeyToPath) bool {
		return item.Path == inside || paths.IsBelow("/"+item.Path, "/"+inside)
	}):
		return present
	}
	return absent
}
