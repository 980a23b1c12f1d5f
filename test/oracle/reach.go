package oracle

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
)

// ownContents are the kinds of volumes that no administrator has to list.
var ownContents = []string{"configMap", "downwardAPI", "emptyDir", "image", "persistentVolumeClaim", "projected", "secret", "ephemeral"}

// Reach returns what a job of a project that requires identities could reach of other users, in a cluster whose
// policy lists nothing. It reads the job as JSON and does not use any code of the policies.
func Reach(job *v2beta1.MPIJob) []string {
	text, err := json.Marshal(job.Spec.MPIReplicaSpecs)
	if err != nil {
		return []string{err.Error()}
	}
	var roles map[string]any
	if err := json.Unmarshal(text, &roles); err != nil {
		return []string{err.Error()}
	}
	var found []string
	walk(roles, "", func(path, name string, value any) {
		switch {
		case name == "volumes":
			for _, volume := range value.([]any) {
				found = append(found, foreignKinds(path, volume.(map[string]any))...)
			}
		case (name == "subPath" || name == "subPathExpr") && value != "" && onClaim(roles, path):
			found = append(found, path)
		case name == "key" || name == "path": // within a Secret or a volume
		case strings.Contains(strings.ToLower(path), "secret") && !strings.Contains(path, "imagePullSecrets") && isJobSecret(value):
			found = append(found, path)
		}
	})
	return found
}

func foreignKinds(path string, volume map[string]any) []string {
	var found []string
	for kind, source := range volume {
		if kind != "name" && !slices.Contains(ownContents, kind) {
			found = append(found, path+": "+kind)
		}
		claim, _ := json.Marshal(source)
		if kind == "ephemeral" && (strings.Contains(string(claim), "volumeName") || strings.Contains(string(claim), "dataSource")) {
			found = append(found, path+": "+string(claim))
		}
	}
	return found
}

// onClaim reports whether the mount at a path of a subPath is one of a claim.
func onClaim(roles map[string]any, path string) bool {
	parts := strings.Split(path, "/")
	var value any = roles
	var pod map[string]any
	for _, part := range parts[1 : len(parts)-1] {
		switch members := value.(type) {
		case map[string]any:
			value = members[part]
			if part == "spec" {
				pod = value.(map[string]any)
			}
		case []any:
			var index int
			_, _ = fmt.Sscan(part, &index)
			value = members[index]
		}
	}
	mount, isMount := value.(map[string]any)
	volumes, _ := pod["volumes"].([]any)
	return isMount && slices.ContainsFunc(volumes, func(v any) bool {
		volume := v.(map[string]any)
		return volume["name"] == mount["name"] && (volume["persistentVolumeClaim"] != nil || volume["ephemeral"] != nil)
	})
}

func isJobSecret(value any) bool {
	text, isText := value.(string)
	return isText && (strings.HasSuffix(text, "-ssh") || strings.HasSuffix(text, "-git-sync")) && strings.HasPrefix(text, "other")
}

func walk(value any, path string, visit func(path, name string, value any)) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			visit(path+"/"+name, name, member)
			walk(member, path+"/"+name, visit)
		}
	case []any:
		for i, element := range value {
			at := fmt.Sprintf("%s/%d", path, i)
			visit(at, "", element)
			walk(element, at, visit)
		}
	}
}
