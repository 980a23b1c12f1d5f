package kueue

import (
	"context"
	"errors"
	"fmt"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// prepareWebhooks keeps Kueue's webhooks for MPIJobs and for its own objects, and makes them call a process on
// loopback. They select one namespace, so that jobs in others do not depend on Kueue.
func (k *Kueue) prepareWebhooks() error {
	mutating := &admissionregistrationv1.MutatingWebhookConfiguration{}
	validating := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	if err := k.manifests.Find("MutatingWebhookConfiguration", "", mutating); err != nil {
		return err
	}
	if err := k.manifests.Find("ValidatingWebhookConfiguration", "", validating); err != nil {
		return err
	}
	mutating.Webhooks = slices.DeleteFunc(mutating.Webhooks,
		func(hook admissionregistrationv1.MutatingWebhook) bool { return !concern(hook.Rules) })
	validating.Webhooks = slices.DeleteFunc(validating.Webhooks,
		func(hook admissionregistrationv1.ValidatingWebhook) bool { return !concern(hook.Rules) })
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: k.namespace}}
	for i := range mutating.Webhooks {
		mutating.Webhooks[i].NamespaceSelector = selector
	}
	for i := range validating.Webhooks {
		validating.Webhooks[i].NamespaceSelector = selector
	}
	k.hooks = envtest.WebhookInstallOptions{
		MutatingWebhooks:   []*admissionregistrationv1.MutatingWebhookConfiguration{mutating},
		ValidatingWebhooks: []*admissionregistrationv1.ValidatingWebhookConfiguration{validating},
	}
	k.cluster.AtStop(k.hooks.Cleanup)
	if err := k.hooks.PrepWithoutInstalling(); err != nil {
		return fmt.Errorf("cannot prepare Kueue's webhooks: %w", err)
	}
	return nil
}

func concern(rules []admissionregistrationv1.RuleWithOperations) bool {
	return slices.ContainsFunc(rules, func(rule admissionregistrationv1.RuleWithOperations) bool {
		return slices.Contains(rule.APIGroups, "kueue.x-k8s.io") || slices.Contains(rule.Resources, "mpijobs")
	})
}

func (k *Kueue) removeWebhooks(ctx context.Context) error {
	var errs []error
	for _, object := range []client.Object{k.hooks.MutatingWebhooks[0], k.hooks.ValidatingWebhooks[0]} {
		if err := client.IgnoreNotFound(k.client.Delete(ctx, object)); err != nil {
			errs = append(errs, fmt.Errorf("cannot remove Kueue's webhooks: %w", err))
		}
	}
	return errors.Join(errs...)
}
