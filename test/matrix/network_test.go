package matrix

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const hostNetwork = "--host-network"

// ourPort is the default of ssh.port in the cluster policy.
const ourPort = "2222"

// On the node's network, two workers of a job must not use the same port.
var networkCells = []cell{
	{
		name: "host-root", what: "`--host-network`, one worker",
		mpi: openMPI5, as: root, image: plain,
		flags: []string{hostNetwork, "--processes=1"}, np: 1, onNode: true, want: map[string]string{"port": ourPort},
	},
	{
		name: "host-uid", what: "`--host-network`, one worker",
		mpi: openMPI4, as: anyUID, image: site,
		flags: []string{hostNetwork, "--processes=1"}, np: 1, onNode: true,
	},
	{
		name: "host-site", what: "`--host-network`, one worker",
		mpi: mpich, as: root, image: site,
		flags: []string{hostNetwork, "--processes=1"}, np: 1, onNode: true, want: map[string]string{"port": ourPort},
	},
	{
		name: "host-pair-root", what: "`--host-network`, two workers want one node", daily: true,
		mpi: openMPI4, as: root, image: plain,
		flags: []string{hostNetwork}, stuck: true, during: oneWorkerHasNoPort,
	},
	{
		name: "host-pair-uid", what: "`--host-network`, two workers want one node",
		mpi: mpich, as: anyUID, image: plain,
		flags: []string{hostNetwork}, stuck: true, during: oneWorkerHasNoPort,
	},
}

// oneWorkerHasNoPort waits until one worker runs, and the other waits for a free port.
func oneWorkerHasNoPort(t *testing.T, r *running) {
	suite.Eventually(t, "one worker runs, and the other waits for a port", time.Minute, func() error {
		var phases []string
		for _, name := range []string{"worker-0", "worker-1"} {
			pod := r.pod(t, name)
			phase := string(pod.Status.Phase)
			for _, condition := range pod.Status.Conditions {
				if condition.Type == corev1.PodScheduled && strings.Contains(condition.Message, "free ports") {
					phase = "no port"
				}
			}
			phases = append(phases, phase)
		}
		slices.Sort(phases)
		if !slices.Equal(phases, []string{"Running", "no port"}) {
			return fmt.Errorf("the workers are %q", phases)
		}
		return nil
	})
}
