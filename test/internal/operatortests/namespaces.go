package operatortests

import (
	"context"
	"fmt"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
)

const (
	// Members is the group of the users whose new namespaces belong to a project.
	Members = "operator-tests-with-webhook"
	// prefix begins the name of each namespace that the tests create.
	prefix = "e2e-"
)

// GiveNamespaces gives the namespaces that Members create to a project. The API server labels them, because the
// tests do not. It returns when that is in force.
func GiveNamespaces(ctx context.Context, cluster *env.Env, administrator client.Client, project string) error {
	policy := labelPolicy(project)
	binding := &admissionregistrationv1.MutatingAdmissionPolicyBinding{
		ObjectMeta: policy.ObjectMeta,
		Spec:       admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: policy.Name},
	}
	for _, object := range []client.Object{policy, binding} {
		if err := administrator.Create(ctx, object); err != nil {
			return fmt.Errorf("cannot label namespaces: %w", err)
		}
	}
	member, err := cluster.AddUser("operator-tests-probe", Members, "system:masters")
	if err != nil {
		return err
	}
	c, err := client.New(member.Config, client.Options{})
	if err != nil {
		return fmt.Errorf("cannot make a client: %w", err)
	}
	err = wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		probe := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix}}
		err := c.Create(ctx, probe, client.DryRunAll)
		return probe.Labels[config.Default().ProjectLabel] == project, err
	})
	if err != nil {
		return fmt.Errorf("namespaces are not labelled: %w", err)
	}
	return nil
}

func labelPolicy(project string) *admissionregistrationv1.MutatingAdmissionPolicy {
	return &admissionregistrationv1.MutatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "operator-tests"},
		Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{
			ReinvocationPolicy: admissionregistrationv1.NeverReinvocationPolicy,
			MatchConstraints: &admissionregistrationv1.MatchResources{
				ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
					RuleWithOperations: admissionregistrationv1.RuleWithOperations{
						Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
						Rule: admissionregistrationv1.Rule{
							APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"namespaces"},
						},
					},
				}},
			},
			MatchConditions: []admissionregistrationv1.MatchCondition{
				{Name: "members", Expression: fmt.Sprintf("%q in request.userInfo.groups", Members)},
			},
			Mutations: []admissionregistrationv1.Mutation{{
				PatchType: admissionregistrationv1.PatchTypeApplyConfiguration,
				ApplyConfiguration: &admissionregistrationv1.ApplyConfiguration{
					Expression: fmt.Sprintf("Object{metadata: Object.metadata{labels: {%q: %q}}}", config.Default().ProjectLabel, project),
				},
			}},
		},
	}
}

// RemovePods deletes the pods in the namespaces that the tests created, and waits until they are gone: a worker keeps
// a port of the node. The namespaces go later, as the tests have deleted them.
func RemovePods(ctx context.Context, administrator client.Client) error {
	var left []string
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, 2*time.Minute, true, func(ctx context.Context) (bool, error) {
		var all corev1.PodList
		if err := administrator.List(ctx, &all); err != nil {
			return false, err
		}
		left = nil
		for _, pod := range all.Items {
			if !strings.HasPrefix(pod.Namespace, prefix) {
				continue
			}
			left = append(left, pod.Namespace+"/"+pod.Name)
			if err := administrator.Delete(ctx, &pod, client.GracePeriodSeconds(1)); client.IgnoreNotFound(err) != nil {
				return false, err
			}
		}
		return len(left) == 0, nil
	})
	if err != nil {
		return fmt.Errorf("the pods %v are not gone: %w", left, err)
	}
	return nil
}
