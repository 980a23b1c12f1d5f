package install

import (
	"context"
	"fmt"
	"strings"
)

// ValidateAt lets the API server call the webhook that validates jobs at another address of this machine, as host:port.
// The others stay where they are. The API server follows a moment later.
func (p *Product) ValidateAt(ctx context.Context, address string) error {
	for _, validating := range p.hooks.ValidatingWebhooks {
		if strings.HasSuffix(validating.Name, "-sessions") {
			continue
		}
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
