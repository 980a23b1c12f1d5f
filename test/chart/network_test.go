package chart

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// A pod reaches every port but those of NFS, by every protocol. The ports may be unordered, repeated and at the ends.
func TestNFSPorts(t *testing.T) {
	for set, closed := range map[string][]int32{
		"{111,2049}":                           {111, 2049},
		"{2049,111,20049,1,65535,112,111,110}": {1, 110, 111, 112, 2049, 20049, 65535},
		"{2049}":                               {2049},
	} {
		objects := render(t, "--set", "nfsNetworkPolicy.namespaces={a,a}", "--set", "nfsNetworkPolicy.ports="+set)
		policy := find[networkingv1.NetworkPolicy](t, objects, "NetworkPolicy", "runai-mpi-no-nfs")
		isClosed := map[int32]bool{}
		for _, port := range closed {
			isClosed[port] = true
		}
		for _, protocol := range []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP} {
			for port := int32(1); port <= 65535; port++ {
				if allows(policy, protocol, port) == isClosed[port] {
					t.Errorf("%s: %s port %d: closed is %v", set, protocol, port, !isClosed[port])
				}
			}
		}
	}
}

func allows(policy *networkingv1.NetworkPolicy, protocol corev1.Protocol, port int32) bool {
	for _, rule := range policy.Spec.Egress {
		for _, allowed := range rule.Ports {
			if *allowed.Protocol == protocol && allowed.Port.IntVal <= port && port <= *allowed.EndPort {
				return true
			}
		}
	}
	return false
}

// Who may call the webhook and read its metrics: an empty list of peers would mean everybody.
func TestWebhookNetworkPolicy(t *testing.T) {
	ports := func(args ...string) map[string]int {
		objects := render(t, append([]string{"--set", "networkPolicy.enabled=true"}, args...)...)
		peers := map[string]int{}
		for _, rule := range find[networkingv1.NetworkPolicy](t, objects, "NetworkPolicy", "").Spec.Ingress {
			peers[rule.Ports[0].Port.StrVal] = len(rule.From)
		}
		return peers
	}
	usual := ports()
	if from, open := usual["webhook"]; !open || from != 0 {
		t.Errorf("usually: %v", usual)
	}
	if _, open := usual["metrics"]; open {
		t.Errorf("everybody may read the metrics: %v", usual)
	}
	restricted := ports("--set", "networkPolicy.webhookFrom[0].ipBlock.cidr=10.0.0.0/28", "--set",
		"networkPolicy.metricsFrom[0].podSelector.matchLabels.app=prometheus")
	if restricted["webhook"] != 1 || restricted["metrics"] != 1 {
		t.Errorf("restricted: %v", restricted)
	}
}
