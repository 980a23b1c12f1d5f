package doctor

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/webhook/doctor"
)

// inNamespace returns an object that only says which one is meant.
func inNamespace[T interface{ SetNamespace(string) }](object T, namespace string) T {
	object.SetNamespace(namespace)
	return object
}

func changeProject(edit func(*v1alpha1.ProjectSpec)) func(t *testing.T) {
	return func(t *testing.T) {
		change(t, "vision", &v1alpha1.Project{}, func(project *v1alpha1.Project) { edit(&project.Spec) })
	}
}

func changeLabel(key, value string) func(t *testing.T) {
	return func(t *testing.T) {
		change(t, namespace, &corev1.Namespace{}, func(namespace *corev1.Namespace) {
			if delete(namespace.Labels, key); value != "" {
				namespace.Labels[key] = value
			}
		})
	}
}

func TestNamespaces(t *testing.T) {
	const required, warnOnly = "run.ai/identity", "run.ai/warn-only-until"
	findEach(t, []defect{
		{"a project that does not exist", "unknown-project", func(t *testing.T) {
			product.AddNamespace(t, "lost", nil)
			change(t, "lost", &corev1.Namespace{}, func(lost *corev1.Namespace) {
				lost.Labels["runai/queue"], lost.Labels["run.ai/identity"] = "lost", "Optional"
			})
		}},
		{"Optional, and the project requires them", "namespace-identity-label", func(t *testing.T) {
			changeLabel(required, "Optional")(t)
		}},
		{"Disabled", "namespace-identity-label", changeLabel(required, "Disabled")},
		{"Required, and the project does not require them", "namespace-identity-label", changeProject(func(spec *v1alpha1.ProjectSpec) {
			spec.Identity = v1alpha1.IdentityOptional
		})},
		{"a date of the project", "warn-only", func(t *testing.T) {
			changeLabel(required, "Optional")(t)
			changeProject(func(spec *v1alpha1.ProjectSpec) { spec.WarnOnlyUntil = "2099-12-31" })(t)
		}},
		{"a date of the namespace", "warn-only", func(t *testing.T) {
			changeLabel(required, "Optional")(t)
			changeLabel(warnOnly, "2099-12-31")(t)
		}},
	})
}

func TestIdentities(t *testing.T) {
	expired := metav1.NewTime(time.Now().Add(-time.Hour))
	findEach(t, []defect{
		{"", "duplicate-subject", func(t *testing.T) { plant(t, identity("alice-2", "alice", 1001)) }},
		{"", "duplicate-uid", func(t *testing.T) { plant(t, identity("bob", "bob", 1001)) }},
		{"", "expired-identity", func(t *testing.T) {
			bob := identity("bob", "bob", 1002)
			bob.Spec.NotAfter = &expired
			plant(t, bob)
		}},
		{"a UID", "small-id", func(t *testing.T) { plant(t, identity("bob", "bob", 999)) }},
		{"a group", "small-id", func(t *testing.T) {
			bob := identity("bob", "bob", 1002)
			bob.Spec.SupplementalGroups = []int64{27}
			plant(t, bob)
		}},
		{"an old run", "stale-directory", func(t *testing.T) {
			renewed, lasts := metav1.NewMicroTime(time.Now().Add(-2*time.Hour)), int32(3600)
			plant(t, &coordinationv1.Lease{
				ObjectMeta: metav1.ObjectMeta{Namespace: "runai-system", Name: "runai-mpi-directory",
					Annotations: map[string]string{"policy.run.ai/result": "500 accounts"}},
				Spec: coordinationv1.LeaseSpec{RenewTime: &renewed, LeaseDurationSeconds: &lasts},
			})
		}},
		{"no run", "stale-directory", func(t *testing.T) {
			bob := identity("bob", "bob", 1002)
			bob.Labels = map[string]string{"policy.run.ai/directory": "hpc"}
			plant(t, bob)
		}},
	})
}

func changePolicy(edit func(*config.ClusterPolicy)) func(t *testing.T) {
	return func(t *testing.T) {
		policy := config.Default()
		policy.Identity.Sources = []config.IdentitySource{config.SourceClaims, config.SourceDirectory}
		edit(policy)
		options.Policy, options.PolicyFile = policy, "planted"
		t.Cleanup(func() { options.Policy, options.PolicyFile = nil, "" })
	}
}

func TestClusterPolicy(t *testing.T) {
	findEach(t, []defect{
		{"", "unused-identities", changePolicy(func(policy *config.ClusterPolicy) {
			policy.Identity.Sources = []config.IdentitySource{config.SourceClaims}
		})},
		{"", "client-identities", changePolicy(func(policy *config.ClusterPolicy) {
			policy.Identity.Sources = append(policy.Identity.Sources, config.SourceClient)
		})},
		{"", "sub-paths", changePolicy(func(policy *config.ClusterPolicy) { policy.SharedStorage.SubPaths = v1alpha1.Allow })},
		{"a parent", "shared-storage-home",
			changePolicy(func(policy *config.ClusterPolicy) { policy.SharedStorage.HostPaths = []string{"/home", "/scratch"} })},
		{"a directory in a home", "shared-storage-home", changePolicy(func(policy *config.ClusterPolicy) {
			policy.SharedStorage.HostPaths = []string{"/home/alice/project"}
		})},
		{"an export", "shared-storage-home",
			changeProject(func(spec *v1alpha1.ProjectSpec) { spec.SharedStorage.NFS = []string{"nas:/export/home"} })},
		{"a parent of a home elsewhere", "shared-storage-home", func(t *testing.T) {
			bob := identity("bob", "bob", 1002)
			bob.Spec.Home = "/nfs/users/bob"
			plant(t, bob)
			changeProject(func(spec *v1alpha1.ProjectSpec) { spec.SharedStorage.HostPaths = []string{"/nfs/users"} })(t)
		}},
		{"", "host-network", changeProject(func(spec *v1alpha1.ProjectSpec) { spec.Restrictions.HostNetwork = v1alpha1.Allow })},
		{"another port", "nfs-reachable", func(t *testing.T) {
			change(t, "runai-mpi-no-nfs", inNamespace(&networkingv1.NetworkPolicy{}, namespace), func(policy *networkingv1.NetworkPolicy) {
				policy.Spec.Egress[0].Ports = nil
			})
		}},
	})
}

func changeMutating(edit func(*admissionregistrationv1.MutatingWebhook)) func(t *testing.T) {
	return func(t *testing.T) {
		change(t, "admission-runai-mpi", &admissionregistrationv1.MutatingWebhookConfiguration{},
			func(c *admissionregistrationv1.MutatingWebhookConfiguration) {
				edit(&c.Webhooks[0])
			})
	}
}

func changeValidating(name string, edit func(*admissionregistrationv1.ValidatingWebhook)) func(t *testing.T) {
	return func(t *testing.T) {
		change(t, name, &admissionregistrationv1.ValidatingWebhookConfiguration{},
			func(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
				edit(&c.Webhooks[0])
			})
	}
}

func TestWebhooks(t *testing.T) {
	const jobs, sessions = "admission-runai-mpi", "runai-mpi-sessions"
	ignore, exact := admissionregistrationv1.Ignore, admissionregistrationv1.Exact
	never := []admissionregistrationv1.MatchCondition{{Name: "says-what-runs", Expression: "false"}}
	type mutating = admissionregistrationv1.MutatingWebhook
	type validating = admissionregistrationv1.ValidatingWebhook
	findEach(t, []defect{
		{"failurePolicy", "webhook-configuration", changeMutating(func(w *mutating) { w.FailurePolicy = &ignore })},
		{"namespaces", "webhook-configuration",
			changeMutating(func(w *mutating) { w.NamespaceSelector.MatchLabels = map[string]string{"a": "b"} })},
		{"objects", "webhook-configuration", changeValidating(jobs, func(w *validating) {
			w.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}
		})},
		{"operations", "webhook-configuration", changeValidating(jobs,
			func(w *validating) { w.Rules[0].Operations = w.Rules[0].Operations[:1] })},
		{"resources", "webhook-configuration", changeMutating(func(w *mutating) { w.Rules[0].Resources = []string{"mpijobs/status"} })},
		{"matchPolicy", "webhook-configuration", changeMutating(func(w *mutating) { w.MatchPolicy = &exact })},
		{"conditions", "webhook-configuration", changeMutating(func(w *mutating) { w.MatchConditions = never })},
		{"time", "webhook-configuration", changeMutating(func(w *mutating) { w.TimeoutSeconds = new(int32(1)) })},
		{"another CA", "webhook-certificate", func(t *testing.T) {
			changeValidating(jobs, func(w *validating) { w.ClientConfig.CABundle = otherCA(t) })(t)
		}},
		{"sessions: failurePolicy", "sessions-webhook", changeValidating(sessions, func(w *validating) { w.FailurePolicy = &ignore })},
		{"sessions: namespaces", "sessions-webhook", changeValidating(sessions,
			func(w *validating) { w.NamespaceSelector.MatchLabels["a"] = "b" })},
		{"sessions: resources", "sessions-webhook", changeValidating(sessions,
			func(w *validating) { w.Rules[0].Resources = w.Rules[0].Resources[1:] })},
		{"sessions: conditions", "sessions-webhook", changeValidating(sessions, func(w *validating) { w.MatchConditions = never })},
	})
}

func TestOtherAdmission(t *testing.T) {
	url, none, ignore := "https://127.0.0.1:1/", admissionregistrationv1.SideEffectClassNone, admissionregistrationv1.Ignore
	rules := func(group, version, resource string) []admissionregistrationv1.RuleWithOperations {
		return []admissionregistrationv1.RuleWithOperations{{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
			Rule: admissionregistrationv1.Rule{APIGroups: []string{group}, APIVersions: []string{version},
				Resources: []string{resource}},
		}}
	}
	injector := func(group, version, resource string, selector *metav1.LabelSelector) func(t *testing.T) {
		return func(t *testing.T) {
			plant(t, &admissionregistrationv1.MutatingWebhookConfiguration{
				ObjectMeta: metav1.ObjectMeta{Name: "injector"},
				Webhooks: []admissionregistrationv1.MutatingWebhook{{
					Name: "injector.example.com", ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: &url}, SideEffects: &none,
					AdmissionReviewVersions: []string{"v1"}, Rules: rules(group, version, resource), FailurePolicy: &ignore,
					NamespaceSelector: selector,
				}},
			})
		}
	}
	findEach(t, []defect{
		{"pods", "other-mutating-webhook", injector("", "v1", "pods", nil)},
		{"everything", "other-mutating-webhook", injector("*", "*", "*/*", nil)},
		{"jobs", "other-mutating-webhook", injector("kubeflow.org", "*", "mpijobs",
			&metav1.LabelSelector{MatchLabels: map[string]string{"runai/queue": "vision"}})},
		{"a policy", "mutating-policy", func(t *testing.T) {
			rule := admissionregistrationv1.NamedRuleWithOperations{RuleWithOperations: rules("", "v1", "pods")[0]}
			plant(t,
				&admissionregistrationv1.MutatingAdmissionPolicy{
					ObjectMeta: metav1.ObjectMeta{Name: "injector"},
					Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{
						MatchConstraints: &admissionregistrationv1.MatchResources{
							ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{rule},
						},
						ReinvocationPolicy: admissionregistrationv1.NeverReinvocationPolicy,
						Mutations: []admissionregistrationv1.Mutation{{
							PatchType: admissionregistrationv1.PatchTypeApplyConfiguration,
							ApplyConfiguration: &admissionregistrationv1.ApplyConfiguration{
								Expression: `Object{metadata: Object.metadata{labels: {"a": "b"}}}`,
							},
						}},
					},
				},
				&admissionregistrationv1.MutatingAdmissionPolicyBinding{
					ObjectMeta: metav1.ObjectMeta{Name: "injector"},
					Spec:       admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: "injector"},
				})
		}},
	})
	injector("", "v1", "pods", &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": "default"}})(t)
	finds(t)
}

func TestComponents(t *testing.T) {
	labels := map[string]string{"app": "mpi-operator"}
	operator := func(args ...string) *appsv1.Deployment {
		return &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "mpi-operator"},
			Spec: appsv1.DeploymentSpec{
				Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template: corev1.PodTemplateSpec{
					ObjectMeta: metav1.ObjectMeta{Labels: labels},
					Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "mpi-operator",
						Image: "mpioperator/mpi-operator:0.8.2", Args: args}}},
				},
			},
		}
	}
	findEach(t, []defect{
		{"", "node-groups-policy", func(t *testing.T) { plant(t, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "old"}}) }},
		{"", "operator-rate", func(t *testing.T) {
			plant(t, operator("-alsologtostderr", "--kube-api-qps=100", "--kube-api-burst", "5"))
		}},
		{"too old", "mpijob-crd", func(t *testing.T) {
			change(t, "mpijobs.kubeflow.org", &apiextensionsv1.CustomResourceDefinition{},
				func(crd *apiextensionsv1.CustomResourceDefinition) {
					delete(crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"].Properties["runPolicy"].Properties, "suspend")
				})
		}},
		{"an older revision", "own-crds", func(t *testing.T) {
			change(t, "projects.policy.run.ai", &apiextensionsv1.CustomResourceDefinition{},
				func(crd *apiextensionsv1.CustomResourceDefinition) {
					crd.Annotations["policy.run.ai/revision"] = "1"
				})
		}},
		{"", "job-without-identity", func(t *testing.T) {
			job := mpijobtest.MakeMPIJob("old", "default").Obj()
			plantUnjudged(t, job)
		}},
		{"", "pod-without-identity", func(t *testing.T) {
			product.AddNamespace(t, "early", nil)
			plant(t, &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Namespace: "early", Name: "old"},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: "a"}}},
			})
			join(t, "early")
		}},
	})
	plant(t, operator("--kube-api-qps=100", "--kube-api-burst=200", "--controller-queue-rate-limit=1000"))
	finds(t)
}

// plantUnjudged stores a job in a namespace that joins the project later.
func plantUnjudged(t *testing.T, job *v2beta1.MPIJob) {
	product.AddNamespace(t, "early", nil)
	job.Namespace = "early"
	plant(t, job)
	join(t, "early")
}

// join makes a namespace one of the project until the end of the test.
func join(t *testing.T, name string) {
	plant(t, &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: name, Name: "no-egress"},
		Spec:       networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}},
	})
	change(t, name, &corev1.Namespace{}, func(namespace *corev1.Namespace) {
		namespace.Labels["runai/queue"], namespace.Labels["run.ai/identity"] = "vision", "Required"
	})
}

// A configuration that calls another Service is found, although nobody can reach that from here.
func TestRedirected(t *testing.T) {
	withProject(t)
	changeMutating(func(w *admissionregistrationv1.MutatingWebhook) {
		w.ClientConfig.URL, w.ClientConfig.Service = nil, &admissionregistrationv1.ServiceReference{Namespace: "default", Name: "evil"}
	})(t)
	report := examine(t)
	if len(report.Findings) != 1 || report.Findings[0].Check != "webhook-configuration" {
		t.Errorf("got %+v", report.Findings)
	}
	if len(report.NotChecked) != 1 || report.NotChecked[0].Check != "webhook-certificate" {
		t.Errorf("got %+v", report.NotChecked)
	}
}

func changePolicyObject(edit func(*admissionregistrationv1.ValidatingAdmissionPolicySpec)) func(t *testing.T) {
	return func(t *testing.T) {
		change(t, backstopName, &admissionregistrationv1.ValidatingAdmissionPolicy{},
			func(p *admissionregistrationv1.ValidatingAdmissionPolicy) { edit(&p.Spec) })
	}
}

func changeBinding(edit func(*admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec)) func(t *testing.T) {
	return func(t *testing.T) {
		change(t, backstopName, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{},
			func(b *admissionregistrationv1.ValidatingAdmissionPolicyBinding) {
				edit(&b.Spec)
			})
	}
}

// backstopName is the name of a policy and its binding.
const backstopName = "runai-mpi-backstop-ids"

func TestBackstop(t *testing.T) {
	ignore := admissionregistrationv1.Ignore
	findEach(t, []defect{
		{"failurePolicy", "backstop",
			changePolicyObject(func(s *admissionregistrationv1.ValidatingAdmissionPolicySpec) { s.FailurePolicy = &ignore })},
		{"only warnings", "backstop", changeBinding(func(s *admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec) {
			s.ValidationActions = []admissionregistrationv1.ValidationAction{admissionregistrationv1.Warn}
		})},
		{"other namespaces", "backstop", changeBinding(func(s *admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec) {
			s.MatchResources.NamespaceSelector.MatchLabels = map[string]string{"a": "b"}
		})},
		{"other resources", "backstop", changePolicyObject(func(s *admissionregistrationv1.ValidatingAdmissionPolicySpec) {
			s.MatchConstraints.ResourceRules = s.MatchConstraints.ResourceRules[1:]
		})},
	})
	findEach(t, []defect{{"", "versions-policy", func(t *testing.T) {
		change(t, "runai-mpi-versions", &admissionregistrationv1.ValidatingAdmissionPolicyBinding{},
			func(b *admissionregistrationv1.ValidatingAdmissionPolicyBinding) {
				b.Spec.ValidationActions = []admissionregistrationv1.ValidationAction{admissionregistrationv1.Audit}
			})
	}}})
	var names []string
	for _, policy := range read(t).Policies {
		names = append(names, strings.TrimPrefix(policy.Name, "runai-mpi-"))
	}
	known := doctor.PolicyNames()
	slices.Sort(known)
	if !slices.Equal(names, known) {
		t.Errorf("the chart has the policies %q, and doctor knows %q", names, known)
	}
	if got := examine(t).Backstop; got != "objects" {
		t.Errorf("the form is %q", got)
	}
}

// Whoever can make pods is found where the backstop does not guard them, and whoever can enter them where nobody judges
// sessions.
func TestUnguarded(t *testing.T) {
	withProject(t)
	permit(t, namespace, install.Verbs("", []string{"pods"}, "create"), install.Verbs("", []string{"pods/exec"}, "create"))
	finds(t)
	t.Run("pods", func(t *testing.T) {
		changePolicyObject(func(s *admissionregistrationv1.ValidatingAdmissionPolicySpec) {
			s.MatchConstraints.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}
		})(t)
		finds(t, "backstop", "may-make-pods")
	})
	t.Run("sessions", func(t *testing.T) {
		changeValidating("runai-mpi-sessions",
			func(w *admissionregistrationv1.ValidatingWebhook) { w.Rules[0].Resources = []string{"pods/attach"} })(t)
		finds(t, "may-open-sessions", "sessions-webhook")
	})
}
