package submit

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/jobs"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// Check reads the flags and the words after --. It returns every mistake, one entry for each, and
// warnings for flags that have no effect.
func (f *Flags) Check(run *invocation.Invocation) (request Request, warnings, mistakes []string) {
	words := run.Words
	r := reader{stdin: run.Stdin, mistakes: run.Mistakes(), wrong: map[string]bool{}}
	f.checkName(&r)
	request = f.read(&r, words)
	r.intents(typed{f, run.Globals}, &request)
	warnings = append(f.ignored(&request), r.warnings...)
	if request.Container.TTY && !request.Container.Stdin {
		r.mistake("--tty", "--tty requires --stdin")
	}
	if f.GPU != "" && f.GPUMemory != "" {
		r.mistake("--gpu-memory", "--gpu and --gpu-memory cannot be used together")
	}
	if f.GPUDevices != "" && f.GPUMemory == "" && !r.wrong["--gpu"] && (request.Intent.GPU == nil || !request.Intent.GPU.IsFraction()) {
		r.mistake("--gpu-devices", "--gpu-devices requires --gpu-memory, or --gpu with a fraction; for whole GPUs, use only --gpu")
	}
	if f.Command && len(words) == 0 {
		r.mistake("--command", "--command requires a command after --, for example --command -- python train.py")
	}
	f.checkWait(&r)
	r.distinct(request.mounts(f.likelyName()))
	for _, err := range mpijob.Validate(request.Job(f.likelyName(), "")) {
		flag, value, problem := request.explainField(err.Field, err.ErrorBody())
		if r.wrong[flag] {
			continue // the value could not be read
		}
		if flag == "--name" && f.JobNamePrefix != "" {
			flag, value = "--job-name-prefix", f.JobNamePrefix
		}
		mistake := invocation.Problem(flag, value, problem)
		if flag == "--name" && f.Name == "" && f.NameArgument != "" {
			mistake = fmt.Sprintf("invalid NAME %q: %s", value, problem)
		}
		if !slices.Contains(r.mistakes, mistake) { // both roles have it
			r.mistakes = append(r.mistakes, mistake)
		}
	}
	return request, warnings, r.mistakes
}

func (f *Flags) checkWait(r *reader) {
	if f.Wait && f.Attach {
		r.mistake("--wait", "--wait and --attach cannot be used together")
	}
	if f.Timeout != nil && !f.Wait && !f.Attach {
		r.mistake("--timeout", "--timeout requires --wait or --attach")
	}
	if _, mistakes := jobs.Timeout(f.Timeout); len(mistakes) > 0 {
		r.mistake("--timeout", mistakes[0])
	}
}

func (f *Flags) checkName(r *reader) {
	if f.NameArgument != "" && f.Name != "" && f.NameArgument != f.Name {
		r.mistake("--name", fmt.Sprintf("the argument NAME conflicts with --name (%q and %q): "+
			"remove one of them, or put the command of the container after --", f.NameArgument, f.Name))
	}
	switch {
	case f.NameArgument != "" && f.Name == "" && IsProgram(f.NameArgument):
		r.mistake("--name", fmt.Sprintf("the job would be called %q: put the command of the container after --, "+
			"or set the name with --name", f.NameArgument))
	case f.JobNamePrefix != "" && f.Name != "":
		r.mistake("--job-name-prefix", "--job-name-prefix and --name cannot be used together")
	case f.JobNamePrefix != "" && f.NameArgument != "":
		r.mistake("--job-name-prefix", "--job-name-prefix and the argument NAME cannot be used together")
	}
}

// GivenName returns the job's name, "" if one is to be generated.
func (f *Flags) GivenName() string {
	if f.Name != "" {
		return f.Name
	}
	return f.NameArgument
}

// Prefix returns the prefix of a generated name.
func (f *Flags) Prefix() string {
	if f.JobNamePrefix != "" {
		return f.JobNamePrefix
	}
	return "job"
}

// likelyName returns the job's name, or the first one that would be generated.
func (f *Flags) likelyName() string {
	if name := f.GivenName(); name != "" {
		return name
	}
	return f.Prefix() + "-0"
}

func (f *Flags) read(r *reader, words []string) Request {
	request := Request{
		Workers:      r.number("--processes", f.Processes, 1),
		Slots:        r.number("--slots-per-worker", f.SlotsPerWorker, 1),
		MPI:          r.implementation(f.MPI),
		BackoffLimit: r.optionalNumber("--backoff-limit", f.BackoffLimit),
		Container:    f.container(r),
		HostIPC:      f.HostIPC,
		HostNetwork:  f.HostNetwork,
		Volumes:      r.volumes(f.Volume, f.NFSServer),
		Claims:       r.claims(f.PVC, f.PVCAccessMode),
	}
	request.Command, request.Args = f.commandLine(words)
	return request
}

// commandLine returns what the launcher runs. The words after -- are arguments, or with --command the
// command. The old syntax sets both by flags, and the words are further arguments.
func (f *Flags) commandLine(words []string) (command, args []string) {
	if f.Command {
		return words, f.Args
	}
	return f.OldCommand, append(slices.Clone(f.Args), words...)
}

// ignored removes what has no effect, and returns a warning for it.
func (f *Flags) ignored(request *Request) (warnings []string) {
	if f.Interactive && request.BackoffLimit != nil {
		request.BackoffLimit = nil
		warnings = append(warnings, "--backoff-limit has no effect with --interactive: interactive jobs are never retried")
	}
	if f.LocalImage {
		request.Container.ImagePullPolicy = corev1.PullNever
		warnings = append(warnings, "--local-image is deprecated: use --image-pull-policy=Never")
	}
	if f.AlwaysPullImage {
		warnings = append(warnings, "--always-pull-image is deprecated and has no effect: use --image-pull-policy")
	}
	if len(f.OldCommand) == 1 && strings.Contains(f.OldCommand[0], " ") {
		warnings = append(warnings, fmt.Sprintf("the container runs one program called %q: "+
			"use --command -- %s to run it with arguments", f.OldCommand[0], f.OldCommand[0]))
	}
	return warnings
}

func (f *Flags) container(r *reader) corev1.Container {
	container := corev1.Container{
		Name:            containerName,
		Image:           r.image(f.Image),
		ImagePullPolicy: r.pullPolicy(f.ImagePullPolicy),
		Env:             r.environment(f.Environment),
		WorkingDir:      r.workingDir(f.WorkingDir),
		Stdin:           orElse(f.Stdin, f.Attach),
		TTY:             orElse(f.TTY, f.Attach),
	}
	r.resource(&container.Resources.Requests, corev1.ResourceCPU, "--cpu", f.CPU)
	r.resource(&container.Resources.Limits, corev1.ResourceCPU, "--cpu-limit", f.CPULimit)
	r.resource(&container.Resources.Requests, corev1.ResourceMemory, "--memory", f.Memory)
	r.resource(&container.Resources.Limits, corev1.ResourceMemory, "--memory-limit", f.MemoryLimit)
	r.within(container.Resources, corev1.ResourceCPU, "--cpu", f.CPU, f.CPULimit)
	r.within(container.Resources, corev1.ResourceMemory, "--memory", f.Memory, f.MemoryLimit)
	if f.PreventPrivilegeEscalation {
		container.SecurityContext = &corev1.SecurityContext{AllowPrivilegeEscalation: new(bool)}
	}
	return container
}

func orElse(flag *bool, otherwise bool) bool {
	if flag == nil {
		return otherwise
	}
	return *flag
}

// A reader reads values and collects mistakes and warnings.
type reader struct {
	stdin              io.Reader
	mistakes, warnings []string
	wrong              map[string]bool // the flags that have a mistake
}

func (r *reader) mistake(flag, text string) {
	r.mistakes = append(r.mistakes, text)
	r.wrong[flag] = true
}

// badValue reports a value that a flag does not accept. The problem begins with "must".
func (r *reader) badValue(flag, value, problem string) {
	r.mistake(flag, invocation.BadValue(flag, value, problem))
}

// malformed reports a value of several parts that cannot be read, or has a bad part.
func (r *reader) malformed(flag, value, problem string) {
	r.mistake(flag, fmt.Sprintf("invalid %s %q: %s", flag, value, problem))
}

func (r *reader) number(flag, text string, least int64) int32 {
	number, err := strconv.ParseInt(text, 10, 32)
	switch {
	case errors.Is(err, strconv.ErrRange) && !strings.HasPrefix(text, "-"):
		r.badValue(flag, text, fmt.Sprintf("must be at most %d", math.MaxInt32))
	case err != nil || number < least:
		r.badValue(flag, text, fmt.Sprintf("must be a whole number, %d or more", least))
	default:
		return int32(number)
	}
	return int32(least)
}

func (r *reader) optionalNumber(flag, text string) *int32 {
	if text == "" {
		return nil
	}
	number := r.number(flag, text, 0)
	return &number
}
