package integration

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/audit"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/slapd"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// The CronJob uses each of its permissions, and asks for nothing else. Its Lease says when the last complete run was.
func TestPermissionsOfTheDirectory(t *testing.T) {
	const name = chart.Release + "-directory"
	objects, err := chart.Render(t.Context(), "--values", "../chart/testdata/directory.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if object.GetName() == name && object.GetKind() != "CronJob" {
			product.Create(t, object.DeepCopy())
		}
	}
	account, err := product.ServiceAccount(chart.Namespace, name)
	if err != nil {
		t.Fatal(err)
	}
	server := slapd.Start(t, slapd.People(2, 50000), slapd.Options{})
	directory := newSynced(t, "permitted", server, accountsOf("permitted"))
	lease := &coordinationv1.Lease{}
	beat := func() (time.Time, string) {
		if err := product.Client.Get(t.Context(), client.ObjectKey{Namespace: chart.Namespace, Name: name}, lease); err != nil {
			t.Fatal(err)
		}
		if lease.Spec.RenewTime == nil {
			return time.Time{}, ""
		}
		return lease.Spec.RenewTime.Time, lease.Annotations["policy.run.ai/result"]
	}
	args := []string{"--lease=" + chart.Namespace + "/" + name, "--stale-after=90m"}
	start := time.Now()
	suite.Eventually(t, "it may", suite.Soon, func() error {
		if _, stderr, code := directory.runAs(t, account.Kubeconfig(), args...); code != 0 {
			return errors.New(stderr)
		}
		return nil
	})
	first, result := beat()
	if first.Before(start) || *lease.Spec.LeaseDurationSeconds != 5400 || *lease.Spec.HolderIdentity != "permitted" ||
		result != summary(2, 2, 0, 0, 0, 0) {
		t.Errorf("it says %+v, %s", lease.Spec, result)
	}
	// A run with complaints is complete, and one that could not read the directory is not.
	server.Set(t, slapd.PersonDN("user1"), "uidNumber", "50009")
	server.Set(t, slapd.PersonDN("user2"), "homeDirectory", "/data/user2")
	if _, stderr, code := directory.runAs(t, account.Kubeconfig(), args...); code != 1 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	second, result := beat()
	if !second.After(first) || !strings.HasSuffix(result, "1 changed, 0 closed, 0 reopened; complaints: 1") {
		t.Errorf("it says %s, %s", second, result)
	}
	directory.replaced(t, directory.password, file(t, "guess")).runAs(t, account.Kubeconfig(), args...)
	if third, _ := beat(); !third.Equal(second) {
		t.Errorf("a run without an answer counts: %s", third)
	}
	rules := clusterRole(t, name)
	role := &rbacv1.Role{}
	if err := product.Client.Get(t.Context(), client.ObjectKey{Namespace: chart.Namespace, Name: name}, role); err != nil {
		t.Fatal(err)
	}
	suite.Eventually(t, "each permission is used", suite.Soon, func() error {
		requests, err := audit.RequestsOf(product.AuditLog(), fmt.Sprintf("system:serviceaccount:%s:%s", chart.Namespace, name))
		return errors.Join(err, audit.Exact(append(rules, role.Rules...), requests))
	})
}
