package bench

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/ranges"
)

// result returns how long the creations took.
func (r *runner) result() ranges.Latency {
	result := ranges.Latency{Date: time.Now().Format(time.DateOnly), Machine: machine(), Creations: len(r.took[r.contenders[0]])}
	for _, c := range r.contenders {
		result.Contenders = append(result.Contenders, ranges.Contender{
			Name: c.name, What: c.what, Calls: c.calls,
			P50: milliseconds(percentile(r.took[c], 50)), P99: milliseconds(percentile(r.took[c], 99)),
			APIServer: milliseconds(r.used[c] / time.Duration(len(r.took[c]))),
			Adds:      milliseconds(r.adds(c)), ToConstant: round2(r.ratio(c.name, ranges.Constant)),
		})
	}
	return result
}

// ratio returns how much more one contender adds to a creation than another.
func (r *runner) ratio(one, other string) float64 {
	return float64(r.adds(r.contender(one))) / float64(r.adds(r.contender(other)))
}

func (r *runner) contender(name string) *contender {
	return r.contenders[slices.IndexFunc(r.contenders, func(c *contender) bool { return c.name == name })]
}

// adds returns the median of what a creation took longer than the one without a webhook in the same round.
func (r *runner) adds(c *contender) time.Duration {
	var more []time.Duration
	for round, took := range r.took[c] {
		more = append(more, took-r.took[r.contender(noWebhook)][round])
	}
	return median(more)
}

// checkRatios also says what was measured.
func (r *runner) checkRatios(t *testing.T) {
	t.Helper()
	for _, c := range r.result().Contenders {
		t.Logf("%s: p50 %.1f ms, p99 %.1f ms, %.1f ms of the API server's CPU, adds %.1f ms, %.2f of the constant patch",
			c.Name, c.P50, c.P99, c.APIServer, c.Adds, c.ToConstant)
	}
	ranges.Check(t, "latency-to-constant", r.ratio(ranges.Webhook, ranges.Constant))
	ranges.Check(t, "latency-to-defaulter", r.ratio(ranges.Webhook, theDefault))
	ranges.Check(t, "latency-to-copied", r.ratio(ranges.Webhook, ranges.CopiedClosing))
	ranges.Check(t, "latency-of-closing", r.ratio(theClosing, ranges.Constant))
}

func percentile(times []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[(len(sorted)-1)*percent/100]
}

func milliseconds(took time.Duration) float64 { return round2(took.Seconds() * 1000) }

func round2(number float64) float64 { return float64(int(number*100+0.5)) / 100 }

// machine returns how many cores there are, and how busy they are.
func machine() string {
	text := fmt.Sprintf("%d cores", runtime.NumCPU())
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		text += ", a load of " + strings.Fields(string(load))[0]
	}
	return text
}
