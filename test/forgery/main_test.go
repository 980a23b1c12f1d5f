// Package forgery makes each attempt in the threat model to run as somebody else, on a real API server that
// authenticates real tokens. Tests are named by the number of the attempt. What is tried on creation is
// tried on update, too.
package forgery

import (
	"flag"
	"os"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/issuer"
	"github.com/runai-mpi/runai-mpi/test/internal/saml"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var product *suite.Product

// The API server trusts four issuers: the documented one, one whose claims are passed on unchecked, one that the cluster
// policy does not trust, and one like it that shares the keys of the documented one.
var broker, careless, stranger, twin *issuer.Issuer

// chain leads from a SAML identity provider to the documented issuer.
var chain *saml.Chain

// differ lets a replica with another cluster policy validate what the first one has mutated.
var differ = flag.Bool("differ", false, "Validate with another cluster policy than the one that mutates.")

func TestMain(m *testing.M) {
	flag.Parse()
	var validator []string
	if *differ {
		validator = []string{"--set", "policy.gitSync.image=example/git-sync:v5"}
	}
	os.Exit(suite.Run(m, &product, suite.Options{
		ValidatorHelmArgs: validator,

		ControlPlane:   env.Options{ControllerManager: true},
		Authentication: startIssuers,
		HelmArgs: []string{
			"--set", "policy.identity.sources={Claims,Directory}",
			"--set", "policy.identity.trustedSources={keycloak-hpc,careless}",
			"--set", "policy.multiKueue.submitters={system:serviceaccount:multikueue:manager}",
			"--set", "policy.sharedStorage.hostPaths={/scratch}",
			"--set", "policy.sharedStorage.nfs={nas:/export/scratch}",
			"--set", "policy.sharedStorage.csiDrivers={vault.example.com}",
			"--set", "policy.identity.localhostProfiles={mpi.json}",
			"--set", "backstop.enabled=true", "--set", "backstop.files=true", // the policies come with their tests
		},
	}))
}

func startIssuers() (authentication string, err error) {
	for _, each := range []**issuer.Issuer{&broker, &careless, &stranger} {
		if *each, err = issuer.Start("k8s-hpc"); err != nil {
			return "", err
		}
	}
	twin = broker.Twin()
	if chain, err = saml.NewChain(broker); err != nil {
		return "", err
	}
	return issuer.Authentication(broker, unchecked(careless, "careless"), unchecked(stranger, "stranger"), unchecked(twin, "twin"))
}

// unchecked returns an authenticator that passes claims on unchecked.
func unchecked(from *issuer.Issuer, source string) map[string]any {
	extra := []map[string]string{{"key": "run.ai/source", "valueExpression": "'" + source + "'"}}
	for key, claim := range map[string]string{"run.ai/uid": "uid", "run.ai/gid": "gid", "run.ai/supplementary-groups": "supplementary"} {
		expression := "has(claims." + claim + ") ? dyn(claims." + claim + ") : ''"
		extra = append(extra, map[string]string{"key": key, "valueExpression": expression})
	}
	return map[string]any{
		"issuer": map[string]any{"url": from.URL, "audiences": []string{from.Audience}, "certificateAuthority": from.Authority},
		"claimMappings": map[string]any{
			"username": map[string]string{"claim": "preferred_username", "prefix": source + ":"},
			"extra":    extra,
		},
	}
}
