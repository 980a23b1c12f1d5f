package runnable

import (
	"context"
	"fmt"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/informers"
	kubefake "k8s.io/client-go/kubernetes/fake"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install" // defaults
)

// Policies are admission policies, which the API server's own plugin evaluates.
type Policies struct{ plugin *validating.Plugin }

// NewPolicies returns the ValidatingAdmissionPolicies among objects, in a cluster with one namespace. It stops with the
// context.
func NewPolicies(ctx context.Context, objects []*unstructured.Unstructured, namespace *corev1.Namespace) (*Policies, error) {
	known := []runtime.Object{namespace}
	for _, object := range objects {
		var typed runtime.Object
		switch object.GetKind() {
		case "ValidatingAdmissionPolicy":
			typed = &admissionregistrationv1.ValidatingAdmissionPolicy{}
		case "ValidatingAdmissionPolicyBinding":
			typed = &admissionregistrationv1.ValidatingAdmissionPolicyBinding{}
		default:
			continue
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, typed); err != nil {
			return nil, fmt.Errorf("cannot read %s %s: %w", object.GetKind(), object.GetName(), err)
		}
		legacyscheme.Scheme.Default(typed)
		known = append(known, typed)
	}
	plugin, err := validating.NewPlugin(nil)
	if err != nil {
		return nil, err
	}
	client := kubefake.NewClientset(known...)
	factory := informers.NewSharedInformerFactory(client, 0)
	plugin.SetExternalKubeInformerFactory(factory)
	plugin.SetExternalKubeClientSet(client)
	plugin.SetRESTMapper(meta.NewDefaultRESTMapper(nil))
	plugin.SetDynamicClient(dynamicfake.NewSimpleDynamicClient(runtime.NewScheme()))
	plugin.SetDrainedNotification(ctx.Done())
	plugin.SetUnconditionalAuthorizer(authorizerfactory.NewAlwaysDenyAuthorizer())
	if err := plugin.ValidateInitialization(); err != nil {
		return nil, err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return &Policies{plugin}, nil
}

// Create returns why the policies refuse that a user creates an object.
func (p *Policies) Create(ctx context.Context, username string, object runtime.Object) error {
	return p.judge(ctx, username, admission.Create, object, nil)
}

// Update returns why the policies refuse that a user changes an object.
func (p *Policies) Update(ctx context.Context, username string, object, old runtime.Object) error {
	return p.judge(ctx, username, admission.Update, object, old)
}

func (p *Policies) judge(ctx context.Context, username string, operation admission.Operation, object, old runtime.Object) error {
	kinds, _, err := legacyscheme.Scheme.ObjectKinds(object)
	if err != nil {
		return err
	}
	resource, _ := meta.UnsafeGuessKindToResource(kinds[0])
	accessor, err := meta.Accessor(object)
	if err != nil {
		return err
	}
	object = object.DeepCopyObject()
	object.GetObjectKind().SetGroupVersionKind(kinds[0])
	legacyscheme.Scheme.Default(object)
	var options runtime.Object = &metav1.CreateOptions{}
	if old != nil {
		options, old = &metav1.UpdateOptions{}, old.DeepCopyObject()
		old.GetObjectKind().SetGroupVersionKind(kinds[0])
		legacyscheme.Scheme.Default(old)
	}
	attributes := admission.NewAttributesRecord(object, old, kinds[0], accessor.GetNamespace(), accessor.GetName(), resource, "",
		operation, options, false, &user.DefaultInfo{Name: username, Groups: groupsOf(username)})
	return p.plugin.Validate(ctx, attributes, admission.NewObjectInterfacesFromScheme(legacyscheme.Scheme))
}

// groupsOf returns the groups of a service account.
func groupsOf(username string) []string {
	groups := []string{user.AllAuthenticated}
	if account, is := strings.CutPrefix(username, "system:serviceaccount:"); is {
		namespace, _, _ := strings.Cut(account, ":")
		groups = append(groups, "system:serviceaccounts", "system:serviceaccounts:"+namespace)
	}
	return groups
}
