package replicas

import (
	"io"
	"sync"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

const (
	memoryLimit = 128_000_000 // bytes
	patience    = 30 * time.Second
)

// Clients that begin requests and never end them take little memory, and are thrown out after a while. Meanwhile
// creations succeed: if the clients take all turns, the answer is one after which client-go tries again.
func TestSlowClients(t *testing.T) {
	for name, c := range map[string]struct{ clients, bytes int }{"large": {60, 6_900_000}, "many": {400, 100_000}} {
		t.Run(name, func(t *testing.T) { sendSlowly(t, "slow-"+name, c.clients, c.bytes) })
	}
}

func sendSlowly(t *testing.T, project string, number, bytes int) {
	namespace := product.AddProject(t, project, v1alpha1.ProjectSpec{})
	replica := startOutside(t, project)
	product.Balance(t, namespace, replica)
	l := startLoad(t, namespace)
	l.Await(t, some)
	var clients sync.WaitGroup
	for range number {
		clients.Go(func() {
			if err := neverEnd(replica.Address, bytes); err != nil {
				t.Error(err)
			}
		})
	}
	l.Enter("during", seldom)
	l.Await(t, 1)
	clients.Wait()
	l.Enter("after", often)
	l.Await(t, some)
	l.Stop()
	t.Log(l)
	l.NoFailures(t, "before", "during", "after")
	staysSmall(t, replica)
}

// neverEnd sends most of a request, stops, and returns an error unless the server closes the connection.
func neverEnd(address string, bytes int) error {
	connection, err := hostile{}.dial(address)
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }() // the server closed it
	if err := connection.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err = connection.Write(append([]byte(head("/mutate", bytes+1)), make([]byte, bytes)...))
	if err == nil {
		_, err = io.Copy(io.Discard, connection)
	}
	return unlessOpen(err)
}
