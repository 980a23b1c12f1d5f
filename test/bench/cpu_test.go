package bench

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	"golang.org/x/sys/unix"
	authenticationv1 "k8s.io/api/authentication/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/test/ranges"
	"github.com/runai-mpi/runai-mpi/test/yardstick"
	"github.com/runai-mpi/runai-mpi/webhook/server"
)

const cpuRounds, cpuRequests = 28, 200

// heapGrowth is the percentage by which the heap of a small replica grows until garbage is collected, as runai-webhook
// serve sets it. All handlers get the same.
const heapGrowth = 500

// A call is one request, which is sent to a handler in this process.
type call struct {
	name    string
	handler http.Handler
	path    string
	body    []byte

	cpu         []float64 // nanoseconds of a request, by the round
	allocations []float64
}

// The handlers are those of the product, in this process, which is how their CPU time can be compared with that of others
// on a busy machine: the calls take turns, in random order, and the time of the process is counted.
func TestCPU(t *testing.T) {
	calls := allCalls(t)
	defer debug.SetGCPercent(debug.SetGCPercent(heapGrowth))
	for range cpuRounds {
		for _, i := range rand.Perm(len(calls)) {
			calls[i].measure(t)
		}
	}
	by := map[string]*call{}
	for _, c := range calls {
		by[c.name] = c
		t.Logf("%s: %.0f µs of CPU, %.0f allocations", c.name, sum(c.cpu)/float64(len(c.cpu))/1000, slices.Min(c.allocations))
	}
	nothing, update := by[yardstick.DefaulterNothing], by["update"].and(by["update-validate"])
	ranges.Check(t, "cpu-mutate", by["mutate"].to(nothing))
	ranges.Check(t, "cpu-mutate-as-user", by["mutate-as-user"].to(nothing))
	ranges.Check(t, "cpu-mutate-to-constant", by["mutate-as-user"].to(by[yardstick.Constant]))
	ranges.Check(t, "cpu-validate", by["validate-as-user"].to(by["mutate-as-user"]))
	ranges.Check(t, "cpu-update", update.to(nothing))
	ranges.Check(t, "allocations-mutate", slices.Min(by["mutate"].allocations))
	ranges.Check(t, "allocations-mutate-as-user", slices.Min(by["mutate-as-user"].allocations))
	ranges.Check(t, "allocations-validate-as-user", slices.Min(by["validate-as-user"].allocations))
	ranges.Check(t, "allocations-update", slices.Min(update.allocations))
}

// allCalls returns the calls of creations and updates, and those that they are compared with.
func allCalls(t *testing.T) []*call {
	t.Helper()
	addResearchers(t)
	namespace := product.AddProject(t, "cpu", projectSpec())
	user := authenticationv1.UserInfo{Username: researcher(0), Groups: []string{"system:authenticated"}}
	job, users := yardstick.Job(namespace, "cpu"), yardstick.AsUser(yardstick.Job(namespace, "cpu"))
	ours := handlers(t, everybody())
	stored := storedAs(t, ours, users, user)
	labelled := stored.DeepCopy()
	labelled.Labels["example.com/team"] = "vision"
	plain := yardstick.Creation(job, user)
	creation, update := yardstick.Creation(users, user), yardstick.Update(labelled, stored, user)
	calls := []*call{
		{name: "mutate", handler: ours, path: server.MutatePath, body: plain},
		{name: "mutate-as-user", handler: ours, path: server.MutatePath, body: creation},
		{name: "validate-as-user", handler: ours, path: server.ValidatePath, body: yardstick.Creation(stored, user)},
		{name: "update", handler: ours, path: server.MutatePath, body: update},
		{name: "update-validate", handler: ours, path: server.ValidatePath, body: update},
	}
	for name, handler := range yardstick.Handlers() {
		calls = append(calls, &call{name: name, handler: &admission.Webhook{Handler: handler}, path: "/", body: plain})
	}
	return calls
}

// storedAs returns a job as the webhook makes it for a user.
func storedAs(t *testing.T, ours http.Handler, job *v2beta1.MPIJob, user authenticationv1.UserInfo) *v2beta1.MPIJob {
	t.Helper()
	recorder := httptest.NewRecorder()
	ours.ServeHTTP(recorder, post(server.MutatePath, yardstick.Creation(job, user)))
	answer, err := answerIn(recorder.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	operations, err := jsonpatch.DecodePatch(answer.Patch)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = operations.Apply(raw); err != nil {
		t.Fatal(err)
	}
	stored := &v2beta1.MPIJob{}
	if err := json.Unmarshal(raw, stored); err != nil {
		t.Fatal(err)
	}
	return stored
}

func post(path string, body []byte) *http.Request {
	request := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	return request
}

func (c *call) measure(t *testing.T) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := usedCPU(t)
	for range cpuRequests {
		c.send(t)
	}
	used := usedCPU(t) - start
	runtime.ReadMemStats(&after)
	c.cpu = append(c.cpu, float64(used)/cpuRequests)
	c.allocations = append(c.allocations, float64((after.Mallocs-before.Mallocs)/cpuRequests))
}

func (c *call) send(t *testing.T) {
	t.Helper()
	recorder := httptest.NewRecorder()
	c.handler.ServeHTTP(recorder, post(c.path, c.body))
	if !bytes.Contains(recorder.Body.Bytes(), []byte(`"allowed":true`)) {
		t.Fatalf("%s: %s", c.name, recorder.Body)
	}
}

// and returns a call that costs what both cost.
func (c *call) and(other *call) *call {
	both := &call{}
	for round := range c.cpu {
		both.cpu = append(both.cpu, c.cpu[round]+other.cpu[round])
		both.allocations = append(both.allocations, c.allocations[round]+other.allocations[round])
	}
	return both
}

// to returns how much more CPU time a call takes than another. All rounds count, because only some collect garbage.
func (c *call) to(other *call) float64 { return sum(c.cpu) / sum(other.cpu) }

func sum(figures []float64) (sum float64) {
	for _, figure := range figures {
		sum += figure
	}
	return sum
}

// usedCPU returns the CPU time of this process in nanoseconds.
func usedCPU(t *testing.T) int64 {
	t.Helper()
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}
