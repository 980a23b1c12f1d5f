package doctor

// mayReachIn looks for who can reach the jobs of others, or the webhook itself.
func mayReachIn() []permissionCheck {
	return []permissionCheck{
		{
			name:  "may-use-nodes",
			about: "who may use the kubelet's API through `nodes/proxy`",
			so:    "can run commands in every pod of a node",
			permissions: func(*Snapshot) []Permission {
				return permissions("", []string{"nodes/proxy"}, "get", "create", "update", "patch", "delete")
			},
		},
		{
			name:  "may-open-sessions",
			about: "who may enter pods where identities are required but no webhook judges sessions, or use `services/proxy` there",
			so:    "can act as the submitter of every job there",
			needs: []Source{ValidatingWebhooks, Policies, PolicyBindings, PodCreation},
			permissions: func(s *Snapshot) []Permission {
				return append(in(s.openSessions(), entersPods()), in(s.openProxies(), proxiesServices())...)
			},
		},
		{
			name:  "may-make-pods",
			about: "who may make pods where identities are required but no admission policy judges them",
			so:    "can run a pod there as anybody",
			needs: []Source{Policies, PolicyBindings, PodCreation},
			permissions: func(s *Snapshot) []Permission {
				return in(s.openToPods(), makesPods())
			},
		},
		{
			name:  "may-read-secrets",
			about: "who may read or replace Secrets in namespaces that require identities",
			so:    "has the keys of all jobs there",
			permissions: func(s *Snapshot) []Permission {
				return in(s.required(), permissions("", []string{"secrets"}, "get", "list", "watch", "update", "patch", "delete", "deletecollection"))
			},
		},
		{
			name:        "may-be-the-webhook",
			about:       "who may get a certificate of the webhook in its namespace, or the key of one",
			so:          "can answer the API server in place of the webhook",
			permissions: beingTheWebhook,
		},
		{
			name:        "may-make-volumes",
			about:       "who may create or change PersistentVolumes and storage classes",
			so:          "can mount any path of a node and any export through a claim, which the rules for shared storage accept",
			permissions: makingVolumes,
		},
	}
}

func beingTheWebhook(s *Snapshot) []Permission {
	if s.Release == nil {
		return nil
	}
	return in(map[string]bool{s.Release.Namespace: true},
		permissions("", []string{"secrets"}, "get", "list", "watch", "create", "update", "patch"),
		permissions(certManagerGroup, []string{"certificates", "certificaterequests", "issuers"}, changes...))
}

func makingVolumes(s *Snapshot) []Permission {
	if len(s.required()) == 0 {
		return nil
	}
	return append(permissions("", []string{"persistentvolumes"}, changes...),
		permissions("storage.k8s.io", []string{"storageclasses"}, changes...)...)
}
