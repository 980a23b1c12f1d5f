package scale

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/test/internal/figures"
)

// A gitServer serves some clones at a time, each in some seconds, and refuses the others at once.
type gitServer struct {
	atOnce  int
	seconds float64
}

const (
	spread    = 2.0  // seconds in which the pods of a job start
	refusal   = 0.3  // seconds until a try is known to have failed
	mostPause = 16.0 // of git_sync.sh
)

// A moment is when a pod tries, or when its clone ends.
type moment struct {
	at, deadline, pause float64
	isEnd               bool
}

type moments []moment

func (m moments) Len() int           { return len(m) }
func (m moments) Less(i, j int) bool { return m[i].at < m[j].at }
func (m moments) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *moments) Push(x any)        { *m = append(*m, x.(moment)) }
func (m *moments) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

// clones returns how many pods get no clone within the limit, and when the last clone ends. The pods try as git_sync.sh
// does.
func clones(pods int, limit float64, server gitServer, random *rand.Rand) (failed int, last float64) {
	next, served := moments{}, 0
	for range pods {
		start := random.Float64() * spread
		next = append(next, moment{at: start, deadline: start + limit, pause: 1})
	}
	for heap.Init(&next); len(next) > 0; {
		now := heap.Pop(&next).(moment)
		switch pause := now.pause * (1 + random.Float64()); {
		case now.isEnd:
			served--
			last = now.at
		case served < server.atOnce:
			served++
			if now.at+server.seconds > now.deadline {
				failed++
			}
			heap.Push(&next, moment{at: min(now.at+server.seconds, now.deadline), isEnd: true})
		case now.at+refusal+pause >= now.deadline:
			failed++
		default:
			now.at, now.pause = now.at+refusal+pause, min(now.pause*2, mostPause)
			heap.Push(&next, now)
		}
	}
	return failed, last
}

// A job of any size gets its clones if its git server can serve them in three quarters of the time limit.
func TestClonesSimulated(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../../webhook/policy/git_sync.sh")
	if err != nil {
		t.Fatal(err)
	}
	if rule := fmt.Sprintf(`[ "$pause" -ge %v ] || pause=$((pause * 2))`, mostPause); !strings.Contains(string(script), rule) {
		t.Fatalf("git_sync.sh waits in another way than the simulation: it does not contain %s", rule)
	}
	limit, random := config.Default().GitSync.Timeout.Seconds(), rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time
	runs := 3
	if figures.IsRecording() {
		runs = 100
	}
	rows := figures.NewTable("workers", "clones at once", "time that the server needs", "jobs that start",
		"pods without a clone", "last clone after")
	for _, workers := range []int{256, 1024, 4096} {
		for _, atOnce := range []int{10, 20, 50, 100, 200} {
			server, started, without, last := gitServer{atOnce, 2}, 0, 0, 0.0
			for range runs {
				failed, end := clones(workers+1, limit, server, random)
				without, last = without+failed, last+end
				if failed == 0 {
					started++
				}
			}
			needed := float64(workers+1) * server.seconds / float64(atOnce)
			if needed < 0.75*limit && started < runs {
				t.Errorf("%d workers, %d clones at once: only %d of %d jobs start", workers, atOnce, started, runs)
			}
			rows.Add(strconv.Itoa(workers), strconv.Itoa(atOnce), fmt.Sprintf("%.0f s", needed), percent(started, runs),
				percent(without, runs*(workers+1)), fmt.Sprintf("%.0f s", last/float64(runs)))
		}
	}
	figures.Keep(t, "clones", 2, rows)
}

func percent(part, whole int) string { return fmt.Sprintf("%.0f %%", 100*float64(part)/float64(whole)) }
