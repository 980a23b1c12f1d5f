package doctor

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// components are users and groups that need dangerous permissions: Kubernetes itself, and controllers that work in all
// namespaces. A name that ends in * stands for all that begin so.
var components = []string{
	"system:masters", "kubeadm:cluster-admins", "system:nodes",
	"system:apiserver", "system:kube-controller-manager", "system:kube-scheduler", "system:kube-proxy",
	"system:serviceaccount:kube-system:*", "system:serviceaccounts:kube-system",
	"system:serviceaccount:cert-manager:cert-manager", "system:serviceaccount:cert-manager:cert-manager-cainjector",
	"system:serviceaccount:cert-manager:cert-manager-webhook",
	"system:serviceaccount:jobset-system:*", "system:serviceaccount:kai-scheduler:*", "system:serviceaccount:kueue-system:*",
}

// ownAccounts are the ends of the names of the chart's service accounts.
var ownAccounts = []string{"", "-prepare", "-check", "-doctor", "-directory"}

// trusts reports whether a subject is expected to have dangerous permissions.
func (s *Snapshot) trusts(subject rbacv1.Subject) bool {
	name := usernameOf(subject, "")
	return slices.ContainsFunc(s.trusted(), func(pattern string) bool { return matches(pattern, name) })
}

// trusted returns the names of everybody who is trusted.
func (s *Snapshot) trusted() []string {
	all := slices.Concat(components, s.Administrators)
	if s.Release != nil {
		for _, end := range ownAccounts {
			all = append(all, "system:serviceaccount:"+s.Release.Namespace+":"+s.Release.Name+end)
		}
	}
	for _, operator := range s.Operators {
		all = append(all, "system:serviceaccount:"+operator.Namespace+":"+operator.ServiceAccount)
	}
	return all
}

func matches(pattern, name string) bool {
	prefix, open := strings.CutSuffix(pattern, "*")
	return pattern == name || open && strings.HasPrefix(name, prefix)
}

// entrusted returns the namespaces whose service accounts are trusted or have an identity: whoever makes pods there can
// act as them.
func (s *Snapshot) entrusted() map[string]bool {
	names := map[string]bool{"kube-system": true}
	accounts := s.trusted()
	for _, entry := range s.Identities {
		if entry.Spec.NotAfter == nil || entry.Spec.NotAfter.After(s.Now) {
			accounts = append(accounts, entry.Spec.Subject)
		}
	}
	exists := map[string]bool{}
	for _, namespace := range s.Namespaces {
		exists[namespace.Name] = true
	}
	for _, account := range accounts {
		rest, is := strings.CutPrefix(account, "system:serviceaccount:")
		namespace, _, has := strings.Cut(rest, ":")
		if is && has && exists[namespace] {
			names[namespace] = true
		}
	}
	return names
}
