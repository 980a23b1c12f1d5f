package doctor

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/config"
)

func nodeChecks() []check {
	return []check{{
		name:   "node-groups-policy",
		about:  "a Linux node whose runtime ignores supplementalGroupsPolicy, so that an image can add groups to its user",
		remedy: "upgrade the container runtime of the node",
		needs:  []Source{Nodes, Deployments}, find: nodesWithoutGroupsPolicy,
	}}
}

func nodesWithoutGroupsPolicy(s *Snapshot) []Finding {
	if s.Policy.Identity.SupplementalGroupsPolicy != config.GroupsStrict {
		return nil
	}
	var old []string
	for i := range s.Nodes {
		features := s.Nodes[i].Status.Features
		isLinux := s.Nodes[i].Labels[corev1.LabelOSStable] != "windows"
		if isLinux && (features == nil || features.SupplementalGroupsPolicy == nil || !*features.SupplementalGroupsPolicy) {
			old = append(old, s.Nodes[i].Name)
		}
	}
	if len(old) == 0 {
		return nil
	}
	return []Finding{{
		Subject: "nodes " + enumerate(few(old)),
		Means:   "they do not support supplementalGroupsPolicy, so the kubelet rejects pods of jobs with an identity there",
		Fix:     "kubectl cordon " + old[0] + " # and upgrade its container runtime: containerd 2.0 or CRI-O 1.31",
	}}
}
