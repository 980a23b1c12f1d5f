package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// plainJob has the image, the fields of the spec, the launcher's and the worker's fields of the container, and
// those of the worker's pod.
const plainJob = `
apiVersion: kubeflow.org/v2beta1
kind: MPIJob
metadata: {name: %[1]s, annotations: {run.ai/interactive: "true"}}
spec:
  runPolicy: {cleanPodPolicy: Running}
  %[3]s
  mpiReplicaSpecs:
    Launcher:
      replicas: 1
      restartPolicy: Never
      template:
        spec:
          containers:
          - name: mpi
            image: %[2]s
            %[4]s
    Worker:
      replicas: 2
      template:
        spec:
          %[6]s
          containers:
          - name: mpi
            image: %[2]s
            %[5]s
`

// mpirun prints the variables of each rank. -x is to work with -e.
const mpirunEnv = `args: [mpirun, --allow-run-as-root, -np, "2", -x, FROM_X=x, sh, -c, ` +
	`'echo "rank=$OMPI_COMM_WORLD_RANK on=$(hostname) plain=$PLAIN secret=$SECRET lines=$(echo "$LINES_" | tr "\n" ,) x=$FROM_X home=$HOME pod=$POD"']` + "\n"

const ranksEnv = `            env:
            - {name: PLAIN, value: "1"}
            - {name: SECRET, valueFrom: {secretKeyRef: {name: credentials, key: token}}}
            - {name: LINES_, value: "a\nb"}
            - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
`

func haveSecret(t *testing.T, namespace string) {
	t.Helper()
	suite.Kubectl(t, product.User, "", "create", "secret", "generic", "credentials", "-n", namespace, "--from-literal=token=from-secret")
}

// seesEnvironment asserts that each rank has the job's variables, and not the launcher's own.
func seesEnvironment(t *testing.T, ranks []map[string]string) {
	t.Helper()
	for _, rank := range ranks {
		if rank["plain"] != "1" || rank["secret"] != "from-secret" || rank["lines"] != "a,b," || rank["x"] != "x" || rank["pod"] != "" {
			t.Errorf("a rank has %v", rank)
		}
	}
}

// Images as Debian's packages leave them run as root, in the ways that a job can ask for.
func TestPlainImageAsRoot(t *testing.T) {
	namespace := addProject(t, "plain-images", v1alpha1.ProjectSpec{})
	haveSecret(t, namespace)
	for name, test := range map[string]struct{ image, spec, launcher, worker, pod string }{
		"openmpi4": {image: images.OpenMPI4},
		"openmpi5": {image: images.OpenMPI5},
		"site":     {image: images.SiteOpenMPI5},
		"keys":     {image: images.OpenMPI5, spec: "sshAuthMountPath: /etc/keys"},
		"readonly": {
			image:    images.OpenMPI4,
			worker:   "securityContext: {readOnlyRootFilesystem: true}\n            volumeMounts: [{name: tmp, mountPath: /tmp}]\n",
			pod:      "volumes: [{name: tmp, emptyDir: {}}]",
			launcher: "",
		},
		"own": {image: images.OperatorLike, worker: "command: [/usr/sbin/sshd, -De, -p, \"2022\"]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			worker := test.worker + ranksEnv
			if test.worker != "" {
				worker = test.worker + ranksEnv
			}
			product.CreateManifest(t, namespace, fmt.Sprintf(plainJob, name, test.image, test.spec, mpirunEnv+ranksEnv, strings.TrimLeft(worker, " "), test.pod))
			ranks := fields(output(t, namespace, name))
			isOn(t, ranks, name, 1)
			seesEnvironment(t, ranks)
		})
	}
}
