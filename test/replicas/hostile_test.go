package replicas

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

// Whatever is sent to the port is refused, or the connection is closed, and it takes little memory.
func TestHostileRequests(t *testing.T) {
	nodes := v1alpha1.NodeAffinity{} // many types, so that many terms are too many
	for n := range 64 {
		nodes.Train = append(nodes.Train, fmt.Sprint("type-", n))
	}
	namespace := product.AddProject(t, "hostile", v1alpha1.ProjectSpec{NodeAffinity: nodes})
	replica := startOutside(t, "hostile")
	t.Run("all", func(t *testing.T) {
		for _, h := range slices.Concat(hostileRequests(), floods(namespace)) {
			t.Run(h.name, func(t *testing.T) {
				t.Parallel()
				if err := h.isRefused(replica.Address); err != nil {
					t.Error(err)
				}
			})
		}
	})
	staysSmall(t, replica)
}

// startOutside starts a replica that serves on this machine's own address: the limits do not hold for loopback.
func startOutside(t *testing.T, name string) *install.Replica {
	t.Helper()
	host, err := process.OwnAddress()
	if err != nil {
		t.Fatal(err)
	}
	address, err := process.FreeAddressOf(host)
	if err != nil {
		t.Fatal(err)
	}
	return product.StartReplica(t, install.ReplicaOptions{Name: name, Address: address})
}

// staysSmall asserts that a replica never had much memory.
func staysSmall(t *testing.T, replica *install.Replica) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return // only Linux has /proc
	}
	peak, err := replica.Memory("VmHWM")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MB at the peak", peak/1e6)
	if peak >= memoryLimit {
		t.Errorf("%d MB at the peak, more than %d", peak/1e6, int64(memoryLimit/1e6))
	}
}

// isRefused sends the request, and returns an error unless the answer is an error of the client, or the server closes
// the connection without one. It does close it.
func (h hostile) isRefused(address string) error {
	connection, err := h.dial(address)
	if err != nil {
		return nil // it is closed in the handshake
	}
	defer func() { _ = connection.Close() }() // the server may have closed it
	if err := connection.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	go func() { _ = h.send(connection) }() // the answer may come before all is sent
	reader := bufio.NewReader(connection)
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		return unlessOpen(err)
	}
	defer response.Body.Close()
	refused := response.StatusCode >= 400 && response.StatusCode < 500 ||
		response.StatusCode == http.StatusHTTPVersionNotSupported || response.StatusCode == http.StatusNotImplemented // by net/http
	if !refused && !h.isReview {
		return fmt.Errorf("the answer is %s", response.Status)
	}
	if !refused {
		if err := refusesJob(response); err != nil {
			return err
		}
	}
	for err == nil {
		_, err = reader.Discard(1)
	}
	return unlessOpen(err)
}

func (h hostile) dial(address string) (net.Conn, error) {
	if h.plain {
		return net.Dial("tcp", address)
	}
	return tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // it is nobody's secret
}

// unlessOpen returns an error if reading failed because the connection is still open.
func unlessOpen(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("the connection is open after %s", patience)
	}
	return nil
}

// refusesJob returns an error unless an answer is a review that refuses a job.
func refusesJob(response *http.Response) error {
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(response.Body).Decode(&review); err != nil {
		return err
	}
	answer := review.Response
	if answer == nil || answer.Allowed || answer.Result == nil || answer.Result.Code < 400 {
		return fmt.Errorf("the answer is %.500s", fmt.Sprint(answer))
	}
	return nil
}
