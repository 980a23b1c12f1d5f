package doctor

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

func storageChecks() []check {
	return []check{
		{
			name:   "shared-storage-home",
			about:  "a path or export that jobs may mount where identities are required, and that leads above or into a user's home",
			remedy: "remove it from `sharedStorage`, and use claims or homes of the project",
			needs:  []Source{Namespaces, Projects, Identities, Deployments}, find: sharedHomes,
		},
		{
			name:   "sub-paths",
			about:  "`sharedStorage.subPaths: Allow`, although identities are required somewhere",
			remedy: "set `policy.sharedStorage.subPaths` to `Deny`",
			needs:  []Source{Namespaces, Projects, Deployments}, find: subPaths,
		},
		{
			name:   "host-network",
			about:  "a project that requires identities and allows the node's network",
			remedy: "set `restrictions.hostNetwork` of the Project to `Deny`",
			needs:  []Source{Namespaces, Projects, Deployments}, find: hostNetworks,
		},
		{
			name:   "nfs-reachable",
			about:  "a namespace that requires identities and has no NetworkPolicy that keeps its pods away from NFS servers",
			remedy: "list the namespace in `nfsNetworkPolicy.namespaces` of the chart",
			needs:  []Source{Namespaces, Projects, NetworkPolicies, Deployments}, find: nfsReachable,
		},
	}
}

// requiring returns the Projects some of whose namespaces require identities, and those whose mode is Required.
func (s *Snapshot) requiring() []*v1alpha1.Project {
	names := map[string]bool{}
	for i := range s.Namespaces {
		if s.requires(&s.Namespaces[i]) {
			names[s.Namespaces[i].Labels[s.Policy.ProjectLabel]] = true
		}
	}
	var all []*v1alpha1.Project
	for i := range s.Projects {
		if project := &s.Projects[i]; names[project.Name] || project.Spec.Identity == v1alpha1.IdentityRequired {
			all = append(all, project)
		}
	}
	return all
}

// defaultHomes is the directory of homes that no PosixIdentity names.
const defaultHomes = "/home"

// homes returns the directories of users.
func (s *Snapshot) homes() []string {
	all := []string{path.Join(defaultHomes, "*")}
	for _, entry := range s.Identities {
		if entry.Spec.Home != "" {
			all = append(all, path.Clean(entry.Spec.Home))
		}
	}
	return all
}

// leadsInto returns a home that a directory is above or in, or "".
func leadsInto(directory string, homes []string) string {
	for _, home := range homes {
		parent, _ := strings.CutSuffix(home, "/*")
		if isWithin(home, directory) || isWithin(directory, parent) {
			return home
		}
	}
	return ""
}

func isWithin(inner, outer string) bool {
	return inner == outer || strings.HasPrefix(inner, strings.TrimSuffix(outer, "/")+"/")
}

func sharedHomes(s *Snapshot) []Finding {
	projects := s.requiring()
	if len(projects) == 0 {
		return nil
	}
	homes := s.homes()
	policy := s.upgrade("policy.sharedStorage.hostPaths={}", "policy.sharedStorage.nfs={}") + " # with the entries that stay in {}"
	findings := sharedHomesOf(homes, "cluster policy", policy,
		s.Policy.SharedStorage.HostPaths, s.Policy.SharedStorage.NFS)
	for _, project := range projects {
		findings = append(findings, sharedHomesOf(homes, "project "+project.Name, "kubectl edit project "+project.Name+" # and remove it",
			project.Spec.SharedStorage.HostPaths, project.Spec.SharedStorage.NFS)...)
	}
	return findings
}

func sharedHomesOf(homes []string, subject, fix string, hostPaths, exports []string) []Finding {
	var findings []Finding
	find := func(field, value, home string) {
		findings = append(findings, Finding{
			Subject: subject,
			Means: fmt.Sprintf("sharedStorage.%s lists %s, which leads to the home %s: the node mounts it as root, past the permissions of the "+
				"directories above", field, value, home),
			Fix: fix,
		})
	}
	for _, directory := range hostPaths {
		if home := leadsInto(path.Clean(directory), homes); home != "" {
			find("hostPaths", directory, home)
		}
	}
	for _, export := range exports {
		_, directory, _ := strings.Cut(export, ":")
		home := leadsInto(path.Clean(directory), homes)
		if base := path.Base(directory); home == "" && (base == "home" || base == "homes") {
			home = directory + "/*"
		}
		if home != "" {
			find("nfs", export, home)
		}
	}
	return findings
}

func subPaths(s *Snapshot) []Finding {
	if len(s.requiring()) == 0 || s.Policy.SharedStorage.SubPaths != v1alpha1.Allow {
		return nil
	}
	return []Finding{{
		Subject: "cluster policy",
		Means:   "sharedStorage.subPaths is Allow, so a job can mount a directory below one that its user may not enter",
		Fix:     s.upgrade("policy.sharedStorage.subPaths=Deny"),
	}}
}

func hostNetworks(s *Snapshot) []Finding {
	var findings []Finding
	for _, project := range s.requiring() {
		if project.Spec.Restrictions.HostNetwork == v1alpha1.Allow && s.Policy.Restrictions.HostNetwork != v1alpha1.Deny {
			findings = append(findings, Finding{
				Subject: "project " + project.Name,
				Means:   "it requires identities and allows the node's network, from whose address and low ports an NFS server believes any UID",
				Fix:     fmt.Sprintf(`kubectl patch project %s --type=merge -p '{"spec":{"restrictions":{"hostNetwork":"Deny"}}}'`, project.Name),
			})
		}
	}
	return findings
}

// nfsPorts are those of portmapper and NFS.
var nfsPorts = []int32{111, 2049}

func nfsReachable(s *Snapshot) []Finding {
	policies := map[string][]*networkingv1.NetworkPolicy{}
	for i := range s.NetworkPolicies {
		policies[s.NetworkPolicies[i].Namespace] = append(policies[s.NetworkPolicies[i].Namespace], &s.NetworkPolicies[i])
	}
	var open []string
	for _, name := range slices.Sorted(maps.Keys(s.required())) {
		if !keepsFromNFS(policies[name]) {
			open = append(open, name)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return []Finding{{
		Subject: namespaces(open),
		Means:   "no NetworkPolicy keeps pods there away from NFS servers, which believe any UID that comes from a low port",
		Fix:     s.upgrade("nfsNetworkPolicy.namespaces={" + strings.Join(open, ",") + "}"),
	}}
}

// keepsFromNFS reports whether the policies of a namespace restrict all its pods, and none lets pods connect to NFS servers.
// Peers that are pods are not NFS servers.
func keepsFromNFS(policies []*networkingv1.NetworkPolicy) bool {
	restricted := false
	for _, policy := range policies {
		if !slices.Contains(policy.Spec.PolicyTypes, networkingv1.PolicyTypeEgress) {
			continue
		}
		restricted = restricted || selectsAll(&policy.Spec.PodSelector)
		for _, rule := range policy.Spec.Egress {
			if reachesServers(rule.To) && reachesNFS(rule.Ports) {
				return false
			}
		}
	}
	return restricted
}

func reachesServers(peers []networkingv1.NetworkPolicyPeer) bool {
	return len(peers) == 0 || slices.ContainsFunc(peers, func(peer networkingv1.NetworkPolicyPeer) bool { return peer.IPBlock != nil })
}

func reachesNFS(ports []networkingv1.NetworkPolicyPort) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(port networkingv1.NetworkPolicyPort) bool {
		if port.Port == nil {
			return true
		}
		first := port.Port.IntVal
		last := first
		if port.EndPort != nil {
			last = *port.EndPort
		}
		return slices.ContainsFunc(nfsPorts, func(nfs int32) bool { return first <= nfs && nfs <= last })
	})
}
