package process

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const readyInterval = 50 * time.Millisecond

func (p *Process) waitUntilReady(ctx context.Context) error {
	if p.command.Ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.command.StartTimeout)
	defer cancel()
	for {
		err := p.command.Ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("it ended: %s", p.reason())
		case <-ctx.Done():
			return p.notReady(ctx, err)
		case <-time.After(readyInterval):
		}
	}
}

// notReady distinguishes a caller that gave up from a child that is too slow.
func (p *Process) notReady(ctx context.Context, last error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return fmt.Errorf("not ready after %s: %w", p.command.StartTimeout, last)
}
