package submit

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

const noNFSHost = " is no name of an NFS server: write for example nfs.example.com"

var nfsHost = regexp.MustCompile(`^[A-Za-z0-9._:-]+$`)

// A mounted volume, and where it is mounted in both roles.
type mounted struct {
	volume corev1.Volume
	mount  corev1.VolumeMount
}

// volumes reads --volume SOURCE:PATH[:ro|rw][:NFS-HOST], a path of the node or of an NFS server.
func (r *reader) volumes(values []string, nfsServer string) []mounted {
	var all []mounted
	for _, value := range splitWhere(values, isVolume) {
		if volume, ok := r.volume(value, nfsServer, len(all)); ok {
			all = append(all, volume)
		}
	}
	if nfsServer != "" && !nfsHost.MatchString(nfsServer) {
		r.mistake("--nfs-server", nfsServer+noNFSHost)
	}
	if nfsServer != "" && len(values) == 0 {
		r.mistake("--nfs-server", "has no meaning without --volume: add it, or leave this out")
	}
	return all
}

func (r *reader) volume(value, nfsServer string, index int) (mounted, bool) {
	fields := strings.Split(value, ":")
	if len(fields) < 2 || len(fields) > 4 {
		r.mistake("--volume", value+" is no SOURCE:PATH[:ro][:NFS-HOST]: write for example -v /raid/data:/data:ro")
		return mounted{}, false
	}
	fields = append(fields, "", "")[:4]
	source, target, mode, host := fields[0], fields[1], fields[2], fields[3]
	readOnly, problem := accessMode(mode)
	switch {
	case !isCleanPath(source):
		problem = source + " is no absolute path: write for example -v /raid/data:/data"
	case host != "" && !nfsHost.MatchString(host):
		problem = host + noNFSHost
	case !isMountPath(target):
		problem = target + " is no absolute path below /: write for example -v " + source + ":/data"
	}
	if problem != "" {
		r.mistake("--volume", problem)
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
	return mounted{corev1.Volume{Name: name, VolumeSource: origin}, mount}, true
}

func accessMode(mode string) (readOnly bool, problem string) {
	switch mode {
	case "", "rw":
		return false, ""
	case "ro":
		return true, ""
	}
	return false, mode + " is no access mode: write ro, rw, or nothing"
}

// isCleanPath forgives a slash at the end.
func isCleanPath(text string) bool {
	return path.IsAbs(text) && path.Clean(text) == "/"+strings.Trim(text, "/")
}

// isMountPath tells whether Kubernetes can mount there: it refuses a colon, and / would hide the image.
func isMountPath(text string) bool {
	return isCleanPath(text) && path.Clean(text) != "/" && !strings.Contains(text, ":")
}

// splitWhere splits values at their commas, as the documentation allows, where every part has the
// shape of a value; a comma in a path stays.
func splitWhere(values []string, hasShape func(string) bool) []string {
	var all []string
	for _, value := range values {
		parts := strings.Split(value, ",")
		if slices.ContainsFunc(parts, func(part string) bool { return !hasShape(part) }) {
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
			r.mistakes = append(r.mistakes, "--volume and --pvc mount two volumes at "+at+": write different paths")
		}
		seen[at] = true
	}
}
