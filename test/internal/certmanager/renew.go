package certmanager

import (
	"context"
	"fmt"
	"slices"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Renew lets cert-manager issue a certificate again, as cmctl renew does.
func Renew(ctx context.Context, config *rest.Config, namespace, name string) error {
	scheme := runtime.NewScheme()
	if err := certmanagerv1.AddToScheme(scheme); err != nil {
		return fmt.Errorf("cannot renew %s: %w", name, err)
	}
	user, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("cannot renew %s: %w", name, err)
	}
	certificate := &certmanagerv1.Certificate{}
	if err := user.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, certificate); err != nil {
		return fmt.Errorf("cannot renew %s: %w", name, err)
	}
	now := metav1.Now()
	issuing := certmanagerv1.CertificateCondition{
		Type: certmanagerv1.CertificateConditionIssuing, Status: cmmeta.ConditionTrue, Reason: "ManuallyTriggered",
		LastTransitionTime: &now, ObservedGeneration: certificate.Generation,
	}
	others := slices.DeleteFunc(certificate.Status.Conditions, func(other certmanagerv1.CertificateCondition) bool {
		return other.Type == issuing.Type
	})
	certificate.Status.Conditions = append(others, issuing)
	if err := user.Status().Update(ctx, certificate); err != nil {
		return fmt.Errorf("cannot renew %s: %w", name, err)
	}
	return nil
}
