package lab_test

import "github.com/runai-mpi/runai-mpi/test/lab/images"

// mpiJob is what a user of mpi-operator's own images writes; the launcher is tried again until sshd answers.
const mpiJob = `
apiVersion: kubeflow.org/v2beta1
kind: MPIJob
metadata: {name: train}
spec:
  slotsPerWorker: 1
  runPolicy: {cleanPodPolicy: Running}
  mpiReplicaSpecs:
    Launcher:
      replicas: 1
      template:
        spec:
          containers:
          - name: launcher
            image: ` + images.OperatorLike + `
            command: [mpirun, --allow-run-as-root, -np, "2", sh, -c, "echo rank $OMPI_COMM_WORLD_RANK on $(hostname)"]
    Worker:
      replicas: 2
      template:
        spec:
          containers:
          - name: worker
            image: ` + images.OperatorLike + `
            readinessProbe: {tcpSocket: {port: 2222}, periodSeconds: 1}
`

const sleeper = `
apiVersion: v1
kind: Pod
metadata: {name: sleeper}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: sleeper
    image: ` + images.OpenMPI4 + `
    command: [sleep, infinity]
`

const gpuPod = `
apiVersion: v1
kind: Pod
metadata: {name: gpu}
spec:
  nodeSelector: {run.ai/type: dgx}
  containers:
  - name: gpu
    image: example/train
    resources: {limits: {nvidia.com/gpu: 8}}
`
