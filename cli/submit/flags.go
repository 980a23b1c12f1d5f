// Package submit is the command runai submit-mpi: it turns flags into an MPIJob (kubeflow.org/v2beta1) whose
// annotations say what the webhook has to decide.
package submit

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/output"
)

// Flags are the flags of submit-mpi as they were typed. Values stay text until [Flags.Check], so that all
// mistakes are reported at once.
type Flags struct {
	NameArgument string `kong:"-"` // the argument NAME of submit-mpi

	Name          string `group:"naming" placeholder:"NAME" filled:"" help:"Name of the job: lower case letters, digits and '-'. Default: job-N with the smallest free N. Example: --name dist1"`
	JobNamePrefix string `group:"naming" aliases:"name-prefix" placeholder:"PREFIX" filled:"" help:"Prefix of a generated name, PREFIX-N with the smallest free N. Default: job. Example: --job-name-prefix train"`
	Interactive   bool   `group:"naming" help:"Submit an interactive job: it runs on the project's nodes for interactive jobs, and is never retried."`

	Image           string   `group:"container" short:"i" placeholder:"IMAGE" help:"Image of the launcher and the workers. Required. Example: -i gcr.io/run-ai-demo/quickstart-distributed"`
	ImagePullPolicy string   `group:"container" placeholder:"POLICY" complete:"Always,IfNotPresent,Never" default:"Always" help:"When to pull the image: Always, IfNotPresent or Never. Default: Always. Example: --image-pull-policy IfNotPresent"`
	LocalImage      bool     `group:"container" help:"Deprecated: use --image-pull-policy=Never."`
	AlwaysPullImage bool     `group:"container" hidden:""`
	Attach          bool     `group:"container" help:"Wait for the launcher to start, and attach to it as 'runai attach' does. Also sets --stdin and --tty, unless they are false."`
	Command         bool     `group:"container" help:"Run the words after -- in place of the image's entry point. Default: the words are its arguments. Example: --command -- python train.py"`
	OldCommand      []string `group:"container" sep:"none" hidden:""`
	Args            []string `group:"container" sep:"none" hidden:""`
	Environment     []string `group:"container" short:"e" sep:"none" placeholder:"NAME=VALUE" help:"Set an environment variable of the launcher, the workers and the ranks. Can be repeated. NAME=SECRET:SECRET-NAME,KEY reads the value from a Secret. Example: -e BATCH_SIZE=50 -e LEARNING_RATE=0.2"`
	GitSync         string   `group:"container" placeholder:"KEY=VALUE,..." help:"Clone a git repository before the job starts. Keys: source (required), branch, rev, target. Credentials: username=NAME,password=@FILE (password=- reads the standard input), or secret=NAME for a Secret with username and password, or with ssh-privatekey and known_hosts. Example: --git-sync source=https://github.com/team/code,branch=main,target=/code"`
	WorkingDir      string   `group:"container" placeholder:"PATH" help:"Working directory of the containers. Default: the image's. Example: --working-dir /code"`
	Stdin           *bool    `group:"container" help:"Keep the standard input of the containers open, even if nothing is attached."`
	TTY             *bool    `group:"container" name:"tty" short:"t" help:"Allocate a terminal. Requires --stdin. Example: --stdin -t"`

	GPU         string   `group:"resources" short:"g" name:"gpu" placeholder:"NUMBER" help:"GPUs for each worker: a whole number, or a fraction between 0 and 1. Default: 0. Examples: -g 1, -g 0.5"`
	GPUMemory   string   `group:"resources" name:"gpu-memory" placeholder:"SIZE" help:"GPU memory for each worker, in place of --gpu. Examples: --gpu-memory 1G, --gpu-memory 20M"`
	GPUDevices  string   `group:"resources" name:"gpu-devices" placeholder:"NUMBER" help:"Number of GPUs per worker, each with the fraction from --gpu or the memory from --gpu-memory. Default: 1. Example: -g 0.5 --gpu-devices 2"`
	CPU         string   `group:"resources" name:"cpu" placeholder:"CORES" help:"CPU cores to reserve for the launcher and for each worker. Example: --cpu 0.5"`
	CPULimit    string   `group:"resources" name:"cpu-limit" placeholder:"CORES" help:"CPU limit of the launcher and of each worker, in cores. Example: --cpu-limit 4"`
	Memory      string   `group:"resources" placeholder:"SIZE" help:"Memory to reserve for the launcher and for each worker. Examples: --memory 1G, --memory 20M"`
	MemoryLimit string   `group:"resources" placeholder:"SIZE" help:"Memory limit of the launcher and of each worker. A container that uses more is killed. Example: --memory-limit 8Gi"`
	LargeShm    LargeShm `group:"resources" placeholder:"SIZE" help:"Mount a memory-backed /dev/shm. Default size: the cluster's maximum, or else the pod's memory limit. Examples: --large-shm, --large-shm=8Gi"`

	PVC           []string `group:"storage" name:"pvc" sep:"none" placeholder:"CLAIM:PATH" help:"Mount a persistent volume claim: an existing claim as CLAIM:PATH[:ro], or a new one as [STORAGE-CLASS]:SIZE:PATH[:ro]. A new claim is kept when the job is deleted. Examples: --pvc my-claim:/data:ro, --pvc :3Gi:/data"`
	PVCAccessMode string   `group:"storage" name:"pvc-access-mode" default:"ReadWriteMany" placeholder:"MODE" complete:"ReadWriteMany,ReadOnlyMany,ReadWriteOnce,ReadWriteOncePod" help:"Access mode of new claims: ReadWriteMany, ReadOnlyMany, ReadWriteOnce or ReadWriteOncePod. Default: ReadWriteMany, because all pods of the job mount the claim. Example: --pvc-access-mode ReadWriteOnce"`
	Volume        []string `group:"storage" short:"v" sep:"none" aliases:"volumes" placeholder:"SOURCE:PATH" help:"Mount a directory of the node or of an NFS server, as SOURCE:PATH[:MODE[:NFS-HOST]]. MODE is ro or rw. Default: rw. Examples: -v /raid/data:/data:ro, -v /public/data:/data::nfs.example.com"`
	NFSServer     string   `group:"storage" name:"nfs-server" placeholder:"HOST" help:"NFS server of every --volume without an NFS-HOST. Example: --nfs-server nfs.example.com"`

	HostIPC     bool `group:"network" name:"host-ipc" help:"Use the node's IPC namespace, to share memory with other processes of the node."`
	HostNetwork bool `group:"network" help:"Use the node's network namespace."`

	Processes      string  `group:"lifecycle" placeholder:"NUMBER" default:"1" help:"Number of workers. Default: 1. Example: --processes=2"`
	SlotsPerWorker string  `group:"lifecycle" placeholder:"NUMBER" default:"1" help:"MPI slots of each worker. Default: 1. Example: --slots-per-worker=8"`
	MPI            string  `group:"lifecycle" name:"mpi-implementation" placeholder:"IMPLEMENTATION" complete:"OpenMPI,MPICH,Intel" help:"The MPI of the image: OpenMPI, MPICH or Intel. Default: OpenMPI. Example: --mpi-implementation MPICH"`
	BackoffLimit   string  `group:"lifecycle" aliases:"backoffLimit" placeholder:"NUMBER" help:"Number of retries before the job fails. Default: 6. Interactive jobs are never retried. Example: --backoff-limit 0"`
	StartTimeout   string  `group:"lifecycle" placeholder:"DURATION" help:"How long the launcher waits for its workers before the job fails. Default: the cluster's. Example: --start-timeout 10m"`
	Wait           bool    `group:"lifecycle" help:"Wait for the job to finish. If it fails, prints why and the last lines of its output, and exits with 1."`
	Timeout        *string `group:"lifecycle" placeholder:"DURATION" help:"How long --wait waits for the job to finish, or --attach for it to start. Default: no limit. Example: --timeout 2h"`

	RunAsUser                  bool  `group:"access" help:"Run with your own UID, GID and groups, as the cluster knows them. See: runai whoami"`
	CreateHomeDir              *bool `group:"access" help:"Create a temporary home directory, which is deleted with the job. Default: true with --run-as-user, else false. Example: --create-home-dir=false"`
	PreventPrivilegeEscalation bool  `group:"access" help:"Prevent processes in the containers from gaining more privileges than their parent process."`

	NodeType string `group:"scheduling" placeholder:"TYPE" complete:"node-types" help:"Run only on nodes of this type, which must be one of the project's. Example: --node-type dgx"`

	hasOwnSecret bool // the credential of GitSync is in a Secret of the job

	DryRun invocation.DryRun `group:"output" placeholder:"MODE" help:"Print the job without submitting it: as it would be sent (client, same as --dry-run alone; needs no cluster), or as the cluster would store it (server). Default: none. Example: --dry-run=client"`
	Output output.Format     `group:"output" short:"o" placeholder:"FORMAT" help:"Print the created objects: name, yaml, json, jsonpath=TEMPLATE or go-template=TEMPLATE. Example: -o name"`
}

// Groups returns the headings of the help, in the order of the original's documentation.
func Groups() []kong.Group {
	return []kong.Group{
		{Key: "naming", Title: "Aliases and Shortcuts"},
		{Key: "container", Title: "Container Related"},
		{Key: "resources", Title: "Resource Allocation"},
		{Key: "storage", Title: "Storage"},
		{Key: "network", Title: "Network"},
		{Key: "lifecycle", Title: "Job Lifecycle"},
		{Key: "access", Title: "Access Control"},
		{Key: "scheduling", Title: "Scheduling"},
		{Key: "output", Title: "Output"},
		{Key: "global", Title: "Global Flags"},
	}
}

// LargeShm is the value of a flag that can be used without one: --large-shm, --large-shm=8Gi.
type LargeShm string

// IsBool returns true, so that the parser does not take the next word for the size.
func (*LargeShm) IsBool() bool { return true }

// Decode reads the size after the equal sign. It refuses one after a space, which would be the name of the job.
func (l *LargeShm) Decode(context *kong.DecodeContext) error {
	*l = "true"
	next := context.Scan.Peek()
	switch {
	case next.Type == kong.FlagValueToken:
		*l = LargeShm(context.Scan.Pop().String())
	case next.Type == kong.UntypedToken && slices.Contains([]string{"false", "no", "0"}, strings.ToLower(next.String())):
		return invocation.UsageError(fmt.Sprintf("unexpected %q after --large-shm: use --large-shm=false", next.String()))
	case next.Type == kong.UntypedToken && looksLikeSize.MatchString(next.String()):
		return invocation.UsageError(fmt.Sprintf("unexpected %q after --large-shm: use --large-shm=%s", next.String(), next.String()))
	}
	return nil
}

// looksLikeSize matches a size, also with a wrong unit, and true. No name of a job begins with a digit.
var looksLikeSize = regexp.MustCompile(`^(?:[0-9].*|true|yes)$`)
