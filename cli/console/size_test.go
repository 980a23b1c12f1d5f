package console

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// A program is made to draw its screen again until it shows something, but not forever.
func TestRedraws(t *testing.T) {
	for name, test := range map[string]struct {
		shownAfter time.Duration
		want       int
	}{
		"shows its screen at once":     {shownAfter: 0, want: 1},
		"shows it at the second time":  {shownAfter: redrawPause * 3 / 2, want: 2},
		"shows nothing, like sleep(1)": {shownAfter: time.Hour, want: mostRedraws},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				shown := make(chan struct{})
				if test.shownAfter == 0 {
					close(shown)
				} else {
					timer := time.AfterFunc(test.shownAfter, func() { close(shown) })
					defer timer.Stop()
				}
				signals, got := redraws(ctx, shown), 0
				for ctx.Err() == nil {
					select {
					case <-signals:
						got++
					case <-ctx.Done():
					}
				}
				if got != test.want {
					t.Errorf("%d redraws, want %d", got, test.want)
				}
			})
		})
	}
}
