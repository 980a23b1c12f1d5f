package main

import (
	"context"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
)

// stopTime is longer than any request takes.
const stopTime = 6 * time.Second

// start runs the manager until the context ends. It does not wait much longer: a manager whose caches have not
// synced never returns.
func start(ctx context.Context, manager ctrl.Manager) error {
	ended := make(chan error, 1)
	go func() { ended <- manager.Start(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(stopTime):
		return nil
	}
}

// drained returns a context that ends some time after the signal. Until then, the endpoint of the replica
// disappears everywhere, because it is not ready.
func (s *serve) drained(signal context.Context) context.Context {
	ctx, stop := context.WithCancel(context.WithoutCancel(signal))
	context.AfterFunc(signal, func() {
		ctrl.Log.Info("stopping", "after", s.Drain)
		time.Sleep(s.Drain)
		stop()
	})
	return ctx
}
