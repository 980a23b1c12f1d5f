// Package forgery tries to run as somebody else, in the ways of the threat model and by its numbers, on
// a real API server that authenticates real tokens. What is tried at a creation is tried as an update too.
package forgery

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/issuer"
)

// product is installed once for all tests; each test has a project of its own.
var product *install.Product

// Three issuers are known to the API server: the one of the documentation, one whose claims arrive as
// they are, and one that the cluster's policy does not trust.
var broker, careless, stranger *issuer.Issuer

var policy = []string{
	"--set", "policy.identity.sources={Claims,Directory}", "--set", "policy.identity.trustedSources={keycloak-hpc,careless}",
	"--set", "policy.multiKueue.submitters={system:serviceaccount:multikueue:manager}",
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "runai-mpi-forgery-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	for _, each := range []**issuer.Issuer{&broker, &careless, &stranger} {
		if *each, err = issuer.Start("k8s-hpc"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer (*each).Stop()
	}
	file := filepath.Join(dir, "authentication.yaml")
	if err := issuer.Authentication(file, broker, asItIs(careless, "careless"), asItIs(stranger, "stranger")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	options := env.Options{ControllerManager: true, APIServerFlags: map[string]string{"authentication-config": file}}
	return env.Main(options, func(cluster *env.Env) (int, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		defer cancel()
		programs, err := install.Build(ctx, cluster.Dir)
		if err != nil {
			return 1, err
		}
		if product, err = install.Install(ctx, cluster, programs, policy...); err != nil {
			return 1, err
		}
		return m.Run(), nil
	})
}

// asItIs is an authenticator that passes claims on without a look at them.
func asItIs(from *issuer.Issuer, source string) map[string]any {
	extra := []map[string]string{{"key": "run.ai/source", "valueExpression": "'" + source + "'"}}
	for key, claim := range map[string]string{"run.ai/uid": "uid", "run.ai/gid": "gid", "run.ai/supplementary-groups": "supplementary"} {
		extra = append(extra, map[string]string{"key": key, "valueExpression": "has(claims." + claim + ") ? dyn(claims." + claim + ") : ''"})
	}
	return map[string]any{
		"issuer": map[string]any{"url": from.URL, "audiences": []string{from.Audience}, "certificateAuthority": from.Authority},
		"claimMappings": map[string]any{
			"username": map[string]string{"claim": "preferred_username", "prefix": source + ":"},
			"extra":    extra,
		},
	}
}
