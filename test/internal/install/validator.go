package install

import (
	"context"
	"fmt"
)

// ValidateAt lets the API server call the validating webhooks at another address of this machine, as host:port.
// The mutating one stays where it is. The API server follows a moment later.
func (p *Product) ValidateAt(ctx context.Context, address string) error {
	for _, validating := range p.hooks.ValidatingWebhooks {
		for i := range validating.Webhooks {
			if err := move(&validating.Webhooks[i].ClientConfig, address); err != nil {
				return err
			}
		}
		if err := p.Client.Update(ctx, validating); err != nil {
			return fmt.Errorf("cannot configure the webhook: %w", err)
		}
	}
	return nil
}
