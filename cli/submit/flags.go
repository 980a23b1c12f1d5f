// Package submit is the command runai submit-mpi: flags in, a lean MPIJob (kubeflow.org/v2beta1) out.
package submit

import (
	"github.com/alecthomas/kong"
)

// Flags are the options of submit-mpi as they are typed. Values stay text until all of them are
// checked together, so that every mistake is reported at once.
type Flags struct {
	NameArgument string `arg:"" optional:"" name:"NAME" help:"The name of the job, as --name."`

	Name          string `group:"naming" placeholder:"NAME" help:"The name of the job: lower case letters, digits and '-'. Without it, job-N. Example: --name dist1"`
	JobNamePrefix string `group:"naming" aliases:"name-prefix" placeholder:"PREFIX" help:"The prefix of a generated name, PREFIX-N with the smallest free N. Example: --job-name-prefix train"`
	Interactive   bool   `group:"naming" help:"Mark the job as interactive: the project's node types for interactive jobs, and no retries. Example: --interactive"`

	Image           string   `group:"container" short:"i" placeholder:"IMAGE" help:"The image of launcher and workers. Example: -i gcr.io/run-ai-demo/quickstart-distributed"`
	ImagePullPolicy string   `group:"container" placeholder:"POLICY" default:"Always" help:"When to pull the image: Always, IfNotPresent or Never. Without it, Always. Example: --image-pull-policy IfNotPresent"`
	LocalImage      bool     `group:"container" help:"Deprecated: write --image-pull-policy=never."`
	AlwaysPullImage bool     `group:"container" hidden:""`
	Attach          bool     `group:"container" help:"Wait for the job to start, then follow its output. Also sets --stdin and --tty, unless they are false. Example: --attach"`
	Command         bool     `group:"container" help:"What follows -- replaces the image's entry point, instead of being its arguments. Example: --command -- python train.py"`
	OldCommand      []string `group:"container" sep:"none" hidden:""`
	Args            []string `group:"container" sep:"none" hidden:""`
	Environment     []string `group:"container" short:"e" sep:"none" placeholder:"NAME=VALUE" help:"An environment variable; may be given several times. NAME=SECRET:secret,key takes it from a Secret. Example: -e BATCH_SIZE=50 -e LEARNING_RATE=0.2"`
	GitSync         string   `group:"container" placeholder:"OPTIONS" help:"Clone a repository before the start, as source=URL,branch=NAME,rev=REVISION,target=PATH, of which only source is required. Credentials: username=NAME,password=@FILE (or - for the standard input), or secret=NAME for a Secret with username and password, or ssh-privatekey and known_hosts. Example: --git-sync source=https://github.com/team/code,branch=main,target=/code"`
	WorkingDir      string   `group:"container" placeholder:"PATH" help:"The directory in which the container starts. Example: --working-dir /code"`
	Stdin           *bool    `group:"container" help:"Keep the standard input open, even if nothing is attached. Example: --stdin"`
	TTY             *bool    `group:"container" name:"tty" short:"t" help:"Allocate a terminal. Needs --stdin. Example: --stdin -t"`

	GPU         string   `group:"resources" short:"g" name:"gpu" placeholder:"NUMBER" help:"GPUs for each worker: a whole number, or a fraction between 0 and 1. Examples: -g 1, -g 0.5"`
	GPUMemory   string   `group:"resources" name:"gpu-memory" placeholder:"BYTES" help:"GPU memory for each worker. Examples: --gpu-memory 1G, 20M"`
	CPU         string   `group:"resources" name:"cpu" placeholder:"CORES" help:"CPU cores that the job gets at least, for the launcher and for each worker. Example: --cpu 0.5"`
	CPULimit    string   `group:"resources" name:"cpu-limit" placeholder:"CORES" help:"CPU cores that the job gets at most. Example: --cpu-limit 4"`
	Memory      string   `group:"resources" placeholder:"BYTES" help:"Memory that the job gets at least, for the launcher and for each worker. Examples: --memory 1G, 20M"`
	MemoryLimit string   `group:"resources" placeholder:"BYTES" help:"Memory that the job gets at most; a container that takes more is killed. Example: --memory-limit 8Gi"`
	LargeShm    LargeShm `group:"resources" placeholder:"SIZE" help:"Mount a large /dev/shm, of this size where one is given. Examples: --large-shm, --large-shm=8Gi"`

	PVC           []string `group:"storage" name:"pvc" sep:"none" placeholder:"CLAIM" help:"Mount a claim in both forms, a new one as [STORAGE-CLASS]:SIZE:PATH[:ro], or one that exists as CLAIM:PATH[:ro]. A new one is kept when the job is deleted. Examples: --pvc :3Gi:/data, --pvc my-claim:/data:ro"`
	PVCAccessMode string   `group:"storage" name:"pvc-access-mode" default:"ReadWriteMany" placeholder:"MODE" help:"The access mode of new claims: ReadWriteMany, ReadOnlyMany, ReadWriteOnce or ReadWriteOncePod. Without it, ReadWriteMany, because several pods mount them. Example: --pvc-access-mode ReadWriteOnce"`
	Volume        []string `group:"storage" short:"v" sep:"none" aliases:"volumes" placeholder:"VOLUME" help:"Mount a path of the node, or of an NFS server, as SOURCE:PATH[:ro][:NFS-HOST]. Examples: -v /raid/data:/data:ro, -v /public/data:/data::nfs.example.com"`
	NFSServer     string   `group:"storage" name:"nfs-server" placeholder:"HOST" help:"The NFS server of each --volume that names none. Example: --nfs-server nfs.example.com"`

	HostIPC     bool `group:"network" name:"host-ipc" help:"Use the node's IPC namespace: shared memory with its other processes. Example: --host-ipc"`
	HostNetwork bool `group:"network" help:"Use the node's network. Example: --host-network"`

	Processes      string `group:"lifecycle" placeholder:"NUMBER" default:"1" help:"The number of workers. Without it, 1. Example: --processes=2"`
	SlotsPerWorker string `group:"lifecycle" placeholder:"NUMBER" default:"1" help:"The MPI slots of each worker. Without it, 1. Example: --slots-per-worker=8"`
	BackoffLimit   string `group:"lifecycle" aliases:"backoffLimit" placeholder:"NUMBER" help:"How often the job is retried before it fails. Without it, 6; an interactive job never is. Example: --backoff-limit 0"`

	RunAsUser                  bool  `group:"access" help:"Run as your own UID, GID and groups, as the cluster knows them. Example: --run-as-user"`
	CreateHomeDir              *bool `group:"access" help:"Make a temporary home directory, which is lost when the job ends. Without it, only with --run-as-user. Example: --create-home-dir=false"`
	PreventPrivilegeEscalation bool  `group:"access" help:"No process of the job may gain privileges that its parent does not have. Example: --prevent-privilege-escalation"`

	NodeType string `group:"scheduling" placeholder:"TYPE" help:"Run on nodes of this type, one of the project's. Example: --node-type dgx"`

	DryRun string `group:"output" enum:"none,client,server" default:"none" placeholder:"WHERE" help:"Only show the job: as it would be sent (client, needs no cluster), or as the cluster would store it (server). Example: --dry-run=client"`
	Output string `group:"output" short:"o" enum:",name,yaml,json" default:"" placeholder:"FORMAT" help:"Print the job as name, yaml or json. Example: -o yaml"`
}

// Groups are the headings of the help, in the order of the documentation.
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

// LargeShm is a flag that may have a value: --large-shm, --large-shm=8Gi.
type LargeShm string

// IsBool keeps the next word of the command line from being taken for the size.
func (*LargeShm) IsBool() bool { return true }

// Decode takes the size behind the equal sign.
func (l *LargeShm) Decode(context *kong.DecodeContext) error {
	*l = "true"
	if context.Scan.Peek().Type != kong.FlagValueToken {
		return nil
	}
	var size string
	if err := context.Scan.PopValueInto("size", &size); err != nil {
		return err
	}
	*l = LargeShm(size)
	return nil
}
