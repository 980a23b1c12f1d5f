package submit

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// Check reads the flags and the words that followed --. It returns all mistakes at once, one line
// each, with the flag and the remedy, and warnings of what is legal but has no effect.
func (f *Flags) Check(run *invocation.Invocation) (request Request, warnings, mistakes []string) {
	words := run.Words
	r := reader{stdin: run.Stdin, mistakes: run.Mistakes()}
	f.checkName(&r)
	request = f.read(&r, words)
	r.intents(typed{f, run.Globals}, &request)
	warnings = append(f.ignored(&request), r.warnings...)
	if request.Container.TTY && !request.Container.Stdin {
		r.mistake("--tty", "needs the standard input: add --stdin")
	}
	if f.GPU != "" && f.GPUMemory != "" {
		r.mistake("--gpu-memory", "cannot be combined with --gpu: write one of the two")
	}
	if f.Command && len(words) == 0 {
		r.mistake("--command", "has no command: write it after --, as in --command -- python train.py")
	}
	r.distinct(request.mounts(f.likelyName()))
	for _, err := range mpijob.Validate(request.Job(f.likelyName(), "")) {
		said := f.ofPrefix(line(err.Field, err.ErrorBody()))
		if r.has(flagOf(err.Field)) || slices.Contains(r.mistakes, said) {
			continue // its value could not be read, or another role says the same
		}
		r.mistakes = append(r.mistakes, said)
	}
	return request, warnings, r.mistakes
}

func (f *Flags) checkName(r *reader) {
	if f.NameArgument != "" && f.Name != "" && f.NameArgument != f.Name {
		r.mistake("--name", fmt.Sprintf("%s contradicts the name %s: write one of the two", f.Name, f.NameArgument))
	}
	if f.JobNamePrefix != "" && f.GivenName() != "" {
		r.mistake("--job-name-prefix", "has no meaning beside a name: leave one of the two out")
	}
}

// ofPrefix says of the prefix what was found in the name that comes of it.
func (f *Flags) ofPrefix(said string) string {
	if f.JobNamePrefix == "" {
		return said
	}
	return strings.Replace(said, "--name "+f.likelyName(), "--job-name-prefix "+f.JobNamePrefix, 1)
}

// GivenName is the job's name, "" where one is to be generated.
func (f *Flags) GivenName() string {
	if f.Name != "" {
		return f.Name
	}
	return f.NameArgument
}

// Prefix is that of a generated name.
func (f *Flags) Prefix() string {
	if f.JobNamePrefix != "" {
		return f.JobNamePrefix
	}
	return "job"
}

// likelyName is the job's name, or the first that would be generated.
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

// commandLine is what the launcher runs: the words are the image's arguments, or with --command its
// command; the old syntax names both by flags, and the words add to them.
func (f *Flags) commandLine(words []string) (command, args []string) {
	if f.Command {
		return words, f.Args
	}
	return f.OldCommand, append(slices.Clone(f.Args), words...)
}

// ignored takes out what has no effect, and says so.
func (f *Flags) ignored(request *Request) (warnings []string) {
	if f.Interactive && request.BackoffLimit != nil {
		request.BackoffLimit = nil
		warnings = append(warnings, "--backoff-limit has no effect: an interactive job is never retried")
	}
	if f.LocalImage {
		request.Container.ImagePullPolicy = corev1.PullNever
		warnings = append(warnings, "--local-image is deprecated: write --image-pull-policy=never")
	}
	if f.AlwaysPullImage {
		warnings = append(warnings, "--always-pull-image is deprecated and has no effect: "+
			"images are always pulled, unless --image-pull-policy says otherwise")
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

// A reader reads values and collects what is wrong or surprising about them.
type reader struct {
	stdin              io.Reader
	mistakes, warnings []string
}

func (r *reader) mistake(flag, problem string) {
	r.mistakes = append(r.mistakes, flag+" "+problem)
}

func (r *reader) has(flag string) bool {
	for _, mistake := range r.mistakes {
		if strings.HasPrefix(mistake, flag+" ") {
			return true
		}
	}
	return false
}

func (r *reader) number(flag, text string, least int64) int32 {
	number, err := strconv.ParseInt(text, 10, 32)
	if err != nil || number < least {
		r.mistake(flag, fmt.Sprintf("%s is no whole number of at least %d: write for example %s=2", text, least, flag))
		return int32(least)
	}
	return int32(number)
}

func (r *reader) optionalNumber(flag, text string) *int32 {
	if text == "" {
		return nil
	}
	number := r.number(flag, text, 0)
	return &number
}
