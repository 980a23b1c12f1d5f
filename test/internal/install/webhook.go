package install

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// StartWebhook runs the webhook that the API server calls, and waits until it is ready.
func (p *Product) StartWebhook(ctx context.Context) error {
	replica, err := p.StartReplica(ctx, ReplicaOptions{Name: "runai-webhook", Address: p.WebhookAddress()})
	if err != nil {
		return err
	}
	p.Webhook, p.Policy = replica.Process, replica.Policy
	return nil
}

// WebhookAddress returns the address of the webhook that StartWebhook runs, as host:port.
func (p *Product) WebhookAddress() string {
	return net.JoinHostPort(p.hooks.LocalServingHost, strconv.Itoa(p.hooks.LocalServingPort))
}

// WebhookAuthority returns the PEM certificate by which the API server verifies the webhook.
func (p *Product) WebhookAuthority() []byte { return p.hooks.LocalServingCAData }

// WebhookCertificates returns the directory with the certificate that the webhook serves with. It is also valid for this
// machine's own address.
func (p *Product) WebhookCertificates() string { return p.hooks.LocalServingCertDir }

// CallWebhookAt lets the API server call the webhook at another address of this machine, as host:port. The API
// server follows a moment later.
func (p *Product) CallWebhookAt(ctx context.Context, address string) error {
	mutating := p.hooks.MutatingWebhooks[0]
	for i := range mutating.Webhooks {
		if err := move(&mutating.Webhooks[i].ClientConfig, address); err != nil {
			return err
		}
	}
	if err := p.Client.Update(ctx, mutating); err != nil {
		return fmt.Errorf("cannot configure the webhook: %w", err)
	}
	return p.ValidateAt(ctx, address)
}

func move(config *admissionregistrationv1.WebhookClientConfig, address string) error {
	target, err := url.Parse(*config.URL)
	if err != nil {
		return fmt.Errorf("cannot configure the webhook: %w", err)
	}
	target.Host = address
	moved := target.String()
	config.URL = &moved
	return nil
}
