package e2e

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

var gateWorkers = flag.Int("gate-workers", 64, "Number of workers in TestGateAtScale.")

// lateWorkers is the number of workers that start after the others.
const lateWorkers = 3

// slotResource is what each worker takes one of.
const slotResource = "runai-mpi.test/slot"

// The workers of this job are pods on simulated nodes, and one program of the test answers for all of them. The
// cluster's DNS server logs who is asked for.
func TestGateAtScale(t *testing.T) {
	namespace := addProject(t, "scale", v1alpha1.ProjectSpec{})
	sshds := startSSHDs(t)
	have := func(slots int) {
		for _, node := range []string{"dgx-0", "dgx-1", "t4-0", "t4-1"} {
			share := min(slots, 100) // a node runs 110 pods
			slots -= share
			patch := fmt.Sprintf(`{"status":{"capacity":{%[1]q:"%[2]d"},"allocatable":{%[1]q:"%[2]d"}}}`, slotResource, share)
			suite.Kubectl(t, product.User, "", "patch", "node", node, "--subresource=status", "--patch", patch)
		}
	}
	have(*gateWorkers - lateWorkers)
	before := time.Now()
	product.CreateManifest(t, namespace, gated{
		name: "many", workers: *gateWorkers, script: "echo started",
		worker: fmt.Sprintf(`containers: [{name: mpi, image: "IMAGE", command: [/usr/sbin/sshd, -De, -p, "%s"], `+
			`resources: {limits: {%s: "1"}}}]`, sshds.port, slotResource),
	}.String())
	suite.Eventually(t, "the workers that can run have been asked", 3*time.Minute, func() error {
		if asked := sshds.asked(); asked != *gateWorkers-lateWorkers {
			return fmt.Errorf("%d workers have been asked", asked)
		}
		return nil
	})
	time.Sleep(5 * time.Second)
	have(*gateWorkers)
	var ready time.Time
	suite.Eventually(t, "the late workers run", time.Minute, func() error {
		ready = time.Now()
		return allRun(t, namespace, *gateWorkers)
	})
	suite.Eventually(t, "the launcher starts", time.Minute, func() error { return launcherStarted(t, namespace) })
	seconds := time.Since(before).Seconds()
	t.Logf("%d workers: the launcher was seen to start %.1f s after the last worker", *gateWorkers, time.Since(ready).Seconds())

	lookups := lookupsOf(t, "many", namespace)
	for worker := range *gateWorkers {
		asked := lookups[fmt.Sprintf("many-worker-%d.many.%s.svc.cluster.local.", worker, namespace)]
		for _, kind := range []string{"A", "AAAA"} {
			if found := asked[kind+" NOERROR"]; found > 1 {
				t.Errorf("worker %d was found %d times by %s", worker, found, kind)
			}
			if missed := asked[kind+" NXDOMAIN"]; float64(missed) > seconds+1 {
				t.Errorf("worker %d was missed %d times by %s in %.1f s", worker, missed, kind, seconds)
			}
		}
		if asked["A NOERROR"] != 1 {
			t.Errorf("worker %d was never found", worker)
		}
	}
	if len(lookups) != *gateWorkers {
		t.Errorf("%d names were asked for", len(lookups))
	}
	for address, connections := range sshds.connections() {
		if connections != 1 {
			t.Errorf("%s has %d connections", address, connections)
		}
	}
}

func allRun(t *testing.T, namespace string, workers int) error {
	t.Helper()
	running := 0
	for _, pod := range product.Pods(t, namespace, client.MatchingLabels{"training.kubeflow.org/job-role": "worker"}) {
		if pod.Status.Phase == corev1.PodRunning {
			running++
		}
	}
	if running != workers {
		return fmt.Errorf("%d workers run", running)
	}
	return nil
}

func launcherStarted(t *testing.T, namespace string) error {
	t.Helper()
	for _, pod := range product.Pods(t, namespace, client.MatchingLabels{"training.kubeflow.org/job-role": "launcher"}) {
		for _, status := range pod.Status.InitContainerStatuses {
			if status.State.Terminated != nil {
				return nil
			}
		}
	}
	return errors.New("the gate is closed")
}

// lookupsOf returns how often the names of a job were looked up, by name, and by type and result.
func lookupsOf(t *testing.T, job, namespace string) map[string]map[string]int {
	t.Helper()
	log, err := os.Open(product.LogFile("coredns"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	lookups := map[string]map[string]int{}
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		_, line, _ := strings.Cut(lines.Text(), "[INFO] ")
		name, result, _ := strings.Cut(line, " ")
		if !strings.Contains(name, "."+job+"."+namespace+".svc") {
			continue
		}
		if lookups[name] == nil {
			lookups[name] = map[string]int{}
		}
		lookups[name][result]++
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return lookups
}

// sshds answer for all simulated pods.
type sshds struct {
	port string

	mutex sync.Mutex
	seen  map[string]int
}

func startSSHDs(t *testing.T) *sshds {
	t.Helper()
	listener, err := net.Listen("tcp4", "0.0.0.0:0") //nolint:gosec // on all addresses, to answer for pods
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	s := &sshds{seen: map[string]int{}}
	_, s.port, _ = net.SplitHostPort(listener.Addr().String())
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go s.answer(connection)
		}
	}()
	return s
}

// answer says who it is, and waits for an answer.
func (s *sshds) answer(connection net.Conn) {
	defer func() { _ = connection.Close() }()
	address, _, _ := net.SplitHostPort(connection.LocalAddr().String())
	s.mutex.Lock()
	s.seen[address]++
	s.mutex.Unlock()
	_, _ = connection.Write([]byte("SSH-2.0-OpenSSH_10.0p2\r\n"))
	_, _ = connection.Read(make([]byte, 1))
}

func (s *sshds) asked() int { return len(s.connections()) }

func (s *sshds) connections() map[string]int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	all := map[string]int{}
	for address, connections := range s.seen {
		all[address] = connections
	}
	return all
}
