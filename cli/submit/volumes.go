package submit

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

const badNFSHost = "must be a host name or an IP address, for example nfs.example.com"

var nfsHost = regexp.MustCompile(`^[A-Za-z0-9._:-]+$`)

// mounted is a volume and its mount in both roles, and the flag that asked for it.
type mounted struct {
	volume      corev1.Volume
	mount       corev1.VolumeMount
	flag, typed string
}

// volumes reads the values of --volume, SOURCE:PATH[:MODE[:NFS-HOST]].
func (r *reader) volumes(values []string, nfsServer string) []mounted {
	var all []mounted
	for _, value := range splitWhere(values, isVolume) {
		if volume, ok := r.volume(value, nfsServer, len(all)); ok {
			all = append(all, volume)
		}
	}
	if nfsServer != "" && !nfsHost.MatchString(nfsServer) {
		r.badValue("--nfs-server", nfsServer, badNFSHost)
	}
	if nfsServer != "" && len(values) == 0 {
		r.mistake("--nfs-server", "--nfs-server requires --volume")
	}
	return all
}

func (r *reader) volume(value, nfsServer string, index int) (mounted, bool) {
	fields := strings.Split(value, ":")
	if len(fields) < 2 || len(fields) > 4 {
		r.malformed("--volume", value, "expected SOURCE:PATH[:MODE[:NFS-HOST]], for example /raid/data:/data:ro")
		return mounted{}, false
	}
	fields = append(fields, "", "")[:4]
	source, target, mode, host := fields[0], fields[1], fields[2], fields[3]
	readOnly, problem := accessMode(mode)
	switch {
	case !isCleanPath(source):
		problem = "SOURCE must be an absolute path without .., for example /raid/data"
	case host != "" && !nfsHost.MatchString(host):
		problem = "NFS-HOST " + badNFSHost
	case !isMountPath(target):
		problem = "PATH must be an absolute path other than /, for example /data"
	}
	if problem != "" {
		r.malformed("--volume", value, problem)
		return mounted{}, false
	}
	if host == "" {
		host = nfsServer
	}
	name := fmt.Sprintf("host-path-volume-%d", index)
	origin := corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: source}}
	if host != "" {
		name = fmt.Sprintf("nfs-volume-%d", index)
		origin = corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: host, Path: source}}
	}
	mount := corev1.VolumeMount{Name: name, MountPath: target, ReadOnly: readOnly}
	return mounted{corev1.Volume{Name: name, VolumeSource: origin}, mount, "--volume", value}, true
}

func accessMode(mode string) (readOnly bool, problem string) {
	switch mode {
	case "", "rw":
		return false, ""
	case "ro":
		return true, ""
	}
	return false, "MODE must be ro or rw"
}

// isCleanPath reports whether text is an absolute path without empty, . and .. elements. It may end with
// a slash.
func isCleanPath(text string) bool {
	return path.IsAbs(text) && path.Clean(text) == "/"+strings.Trim(text, "/")
}

// isMountPath reports whether a container can have a mount there. Kubernetes refuses a colon, and a
// mount at / would hide the image.
func isMountPath(text string) bool {
	return isCleanPath(text) && path.Clean(text) != "/" && !strings.Contains(text, ":")
}

// splitWhere splits values at their commas, as the original's documentation allows, if every part is
// valid. A comma in a path stays.
func splitWhere(values []string, isValid func(string) bool) []string {
	var all []string
	for _, value := range values {
		parts := strings.Split(value, ",")
		if slices.ContainsFunc(parts, func(part string) bool { return !isValid(part) }) {
			parts = []string{value}
		}
		all = append(all, parts...)
	}
	return all
}

func isVolume(text string) bool {
	fields := strings.Split(text, ":")
	return len(fields) >= 2 && len(fields) <= 4 && path.IsAbs(fields[0]) && path.IsAbs(fields[1])
}

// distinct refuses two volumes at one path.
func (r *reader) distinct(all []mounted) {
	seen := map[string]bool{}
	for _, m := range all {
		at := path.Clean(m.mount.MountPath)
		if seen[at] {
			r.mistake("--volume", "cannot mount two volumes at "+at+": use different paths for --volume and --pvc")
		}
		seen[at] = true
	}
}
