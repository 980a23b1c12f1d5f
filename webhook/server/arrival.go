package server

import (
	"context"
	"time"
)

type arrival struct{}

// withArrival remembers when the headers of a request arrived, for the handler that knows its outcome.
func withArrival(ctx context.Context, now time.Time) context.Context {
	return context.WithValue(ctx, arrival{}, now)
}

// arrivalOf returns when a request arrived. Default: now.
func arrivalOf(ctx context.Context) time.Time {
	if arrived, ok := ctx.Value(arrival{}).(time.Time); ok {
		return arrived
	}
	return time.Now()
}
