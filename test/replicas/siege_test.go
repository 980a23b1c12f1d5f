package replicas

import (
	"context"
	"flag"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// siege is for a quiet machine: in a short one, a figure of a few creations says little.
var siege = flag.Duration("siege", 0, "Besiege the port for so long, and compare how long creations take. Default: only count failures.")

const (
	besiegers = 1000
	// comeBack is the time after which a client whose connection was closed comes back.
	comeBack = time.Second
	shortest = 5 * time.Second
	// arrival is how long it takes until the clients have come: a thousand handshakes, of both sides.
	arrival = 3 * time.Second
	// rounds alternate, so that what else the machine does hits both.
	rounds = 4
	// mostDelay is how many times as long a creation may take while the port is besieged.
	mostDelay = 2
)

// While a thousand clients begin connections, headers and bodies that they never end, and others send what is refused,
// no creation fails, and the replica stays small. With -siege, creations take at most twice as long.
func TestBesieged(t *testing.T) {
	namespace := product.AddProject(t, "besieged", v1alpha1.ProjectSpec{})
	replica := startOutside(t, "besieged")
	product.Balance(t, namespace, replica)
	l := startLoad(t, namespace)
	l.Await(t, some)
	times := 1
	if *siege > 0 {
		times = rounds
	}
	for range times {
		ctx, end := context.WithCancel(t.Context())
		l.Enter("quiet", often)
		time.Sleep(max(*siege/rounds, shortest))
		l.Enter("they come", often)
		besieging := besiege(ctx, replica.Address)
		time.Sleep(arrival)
		l.Enter("besieged", often)
		time.Sleep(max(*siege/rounds, shortest))
		end()
		besieging.Wait()
	}
	l.Enter("after", often)
	l.Await(t, some)
	l.Stop()
	quiet, besieged := l.Phase("quiet"), l.Phase("besieged")
	t.Logf("%s; creations take %s and %s, at most %s and %s", l, quiet.Time(.5), besieged.Time(.5), quiet.Time(.99), besieged.Time(.99))
	l.NoFailures(t, "before", "quiet", "they come", "besieged", "after")
	if *siege > 0 && besieged.Time(.99) > mostDelay*quiet.Time(.99) {
		t.Errorf("one creation of a hundred takes longer than %s, and %s while nobody besieges the port",
			besieged.Time(.99), quiet.Time(.99))
	}
	staysSmall(t, replica)
}

// besiege opens connections again and again until the context ends.
func besiege(ctx context.Context, address string) *sync.WaitGroup {
	var clients sync.WaitGroup
	slow := []hostile{
		{plain: true, send: text("\x16\x03\x01")},                            // a handshake
		{send: text("POST /mutate HTTP/1.1\r\nHost: x\r\n")},                 // headers
		{send: text(head("/mutate", 100_000) + `{"kind":"AdmissionReview"`)}, // a body
		{send: forever(chunked, "1\r\n \r\n")},                               // chunks
		{plain: true, send: func(io.Writer) error { return nil }},            // nothing
	}
	for n := range besiegers {
		clients.Go(func() {
			for ctx.Err() == nil {
				slow[n%len(slow)].wait(ctx, address)
				time.Sleep(comeBack)
			}
		})
	}
	requests := hostileRequests()
	clients.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			_ = requests[n%len(requests)].isRefused(address) // another test judges the answers
			time.Sleep(comeBack / 10)
		}
	})
	return &clients
}

// wait sends the request, and waits until the server closes the connection, or the context ends.
func (h hostile) wait(ctx context.Context, address string) {
	connection, err := h.dial(address)
	if err != nil {
		return
	}
	defer context.AfterFunc(ctx, func() { _ = connection.Close() })()
	defer func() { _ = connection.Close() }() // the server closed it
	go func() { _ = h.send(connection) }()
	_, _ = io.Copy(io.Discard, connection)
}
