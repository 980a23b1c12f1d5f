package lab

import "github.com/runai-mpi/runai-mpi/test/internal/lab/images"

// mpiJob is a job as users of mpi-operator's own images write it. Its launcher is retried until sshd answers.
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

// quickstart is a job with 2 workers whose launcher is told how many there are. It is not retried, because its
// pod and log would be deleted after the last retry.
const quickstart = `
apiVersion: kubeflow.org/v2beta1
kind: MPIJob
metadata: {name: quickstart-%[1]s}
spec:
  slotsPerWorker: 1
  launcherCreationPolicy: WaitForWorkersReady
  runPolicy: {cleanPodPolicy: Running, backoffLimit: 0}
  mpiReplicaSpecs:
    Launcher:
      replicas: 1
      restartPolicy: Never
      template:
        spec:
          containers:
          - name: launcher
            image: ` + images.QuickstartLike + `
            env: [{name: RUNAI_MPI_NUM_WORKERS, value: "%[1]s"}, {name: RUNAI_SLEEP_SECS, value: "1"}]
    Worker:
      replicas: 2
      template:
        spec:
          containers:
          - name: worker
            image: ` + images.QuickstartLike + `
            command: [/usr/sbin/sshd, -De]
            readinessProbe: {tcpSocket: {port: 2222}, periodSeconds: 1}
`

const cloner = `
apiVersion: v1
kind: Pod
metadata: {name: cloner}
spec:
  securityContext: {runAsUser: 1234567, runAsGroup: 54000, runAsNonRoot: true}
  terminationGracePeriodSeconds: 1
  volumes: [{name: repository, emptyDir: {}}]
  initContainers:
  - name: git-sync
    image: ` + images.GitSyncStandIn + `
    args: [--repo=git://10.213.0.1/, --ref=main, --root=/run/git-sync/repo, --link=/run/git-sync/current, --one-time]
    volumeMounts: [{name: repository, mountPath: /run/git-sync}]
  containers:
  - name: reader
    image: ` + images.OpenMPI5 + `
    command: [sleep, infinity]
    volumeMounts: [{name: repository, mountPath: /code, subPath: current}]
`
