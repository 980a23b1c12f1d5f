package submit

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"slices"

	"github.com/alecthomas/kong"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/jobs"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/lean"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// Resubmit is runai resubmit.
type Resubmit struct {
	Old string `arg:"" name:"NAME" filled:"" help:"Name of the job to submit again. It may be running or finished."`
	Flags
}

// Help returns what is kept and what changes.
func (*Resubmit) Help() string {
	return `The new job is the old one as it was submitted, and today's cluster policy applies to it. Flags of submit-mpi change it: -e, --pvc and --volume add to those of the old job, words after -- replace its arguments, and everything else stays the same. Claims of the old job are mounted again, with their data. The default name has the old name as its prefix: dist1-0, or job-4 after job-3.

Examples:

    runai resubmit dist1
    runai resubmit dist1 --name dist2 --processes 4 -e LEARNING_RATE=0.1
    runai resubmit dist1 --dry-run -o yaml`
}

// ownDefaults are the flags whose defaults the old job does not change.
var ownDefaults = []string{"pvc-access-mode", "volume", "dry-run", "timeout"}

var defaultSentence = regexp.MustCompile(`(?:Required|Default: [^.]*)\. ?`)

// ExplainResubmit removes from the help of resubmit what is true only of submit-mpi: that flags are required, and defaults.
func ExplainResubmit(commands []*kong.Node) {
	for _, command := range commands {
		if command.Target.Type() != reflect.TypeFor[Resubmit]() {
			continue
		}
		for _, flag := range command.Flags {
			if !slices.Contains(ownDefaults, flag.Name) {
				flag.Help = defaultSentence.ReplaceAllString(flag.Help, "")
			}
		}
	}
}

// Run reads the old job, changes the flags that made it, and goes on as submit-mpi does.
func (c *Resubmit) Run(ctx context.Context, run *invocation.Invocation, parsed *kong.Context) error {
	client, err := run.Connect()
	if err != nil {
		return err
	}
	object, err := jobs.Find(ctx, run, client, c.Old)
	if err != nil {
		return err
	}
	scope := run.Scope(client)
	scope.Namespace = object.GetNamespace()
	s := submission{Flags: &c.Flags, client: client, scope: scope}
	if s.request, err = c.request(run, object, parsed.Path); err != nil {
		return err
	}
	if c.DryRun == invocation.DryRunClient {
		scope.Named = true // it was looked up
		return c.show(run, s.request, scope)
	}
	return c.send(ctx, run, &s)
}

// request returns what is submitted: the old job's flags with those that were typed, or, if no flags make the old job,
// the old job as it is.
func (c *Resubmit) request(run *invocation.Invocation, object *unstructured.Unstructured, path []*kong.Path) (Request, error) {
	job := &v2beta1.MPIJob{}
	unknown := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, job, true)
	old, typed := Flags{PVCAccessMode: c.PVCAccessMode}, c.typedFields(path)
	if unknown != nil || !old.readJob(lean.Of(job), *run) {
		return c.exported(run, object, typed)
	}
	if old.hasOwnSecret && !slices.Contains(typed, "GitSync") && c.DryRun != invocation.DryRunClient {
		return Request{}, invocation.Failure{fmt.Sprintf("the git credential of job %q is deleted with the job: "+
			"set it again with --git-sync %s,username=NAME,password=@FILE", job.Name, job.Annotations[annotations.GitSyncKey])}
	}
	c.change(old, typed, run.Words)
	if run.Project == "" {
		run.Project = job.Annotations[annotations.ProjectKey]
	}
	c.name(job.Name)
	request, err := c.checked(run)
	if c.hasOwnSecret {
		request.Intent.GitSyncSecret, request.credential = "", &credential{} // only printed
	}
	return request, err
}

// typedFields returns the names of the fields of [Flags] that were typed.
func (c *Resubmit) typedFields(path []*kong.Path) []string {
	var typed []string
	fields := reflect.ValueOf(&c.Flags).Elem()
	for i := range fields.NumField() {
		isTyped := func(step *kong.Path) bool {
			return step.Flag != nil && step.Flag.Target.Addr().Pointer() == fields.Field(i).Addr().Pointer()
		}
		if slices.ContainsFunc(path, isTyped) {
			typed = append(typed, fields.Type().Field(i).Name)
		}
	}
	return typed
}

// change sets the flags that were not typed to those of the old job, and adds lists to lists.
func (c *Resubmit) change(old Flags, typed []string, words []string) {
	replaces := func(by, field string) {
		if slices.Contains(typed, by) && !slices.Contains(typed, field) {
			typed = append(typed, field)
		}
	}
	replaces("GPU", "GPUMemory")
	replaces("GPU", "GPUDevices")
	replaces("GPUMemory", "GPU")
	replaces("LocalImage", "ImagePullPolicy")
	replaces("Command", "OldCommand")
	if len(words) > 0 || c.Command {
		typed = append(typed, "Args")
	}
	old.hasOwnSecret = old.hasOwnSecret && !slices.Contains(typed, "GitSync")
	added := c.Flags
	from, to := reflect.ValueOf(old), reflect.ValueOf(&c.Flags).Elem()
	for i := range from.NumField() {
		if field := from.Type().Field(i); field.IsExported() && !slices.Contains(typed, field.Name) {
			to.Field(i).Set(from.Field(i))
		}
	}
	c.hasOwnSecret = old.hasOwnSecret
	c.Environment = slices.Concat(old.Environment, ifTyped(typed, "Environment", added.Environment))
	c.PVC = slices.Concat(old.PVC, ifTyped(typed, "PVC", added.PVC))
	c.Volume = slices.Concat(old.Volume, ifTyped(typed, "Volume", added.Volume))
}

func ifTyped(typed []string, field string, values []string) []string {
	if !slices.Contains(typed, field) {
		return nil
	}
	return values
}

var numbered = regexp.MustCompile(`^(.+)-[0-9]+$`)

// name sets the prefix of the name, if no name was typed.
func (c *Resubmit) name(old string) {
	if c.Name != "" || c.JobNamePrefix != "" {
		return
	}
	c.JobNamePrefix = old
	if match := numbered.FindStringSubmatch(old); match != nil {
		c.JobNamePrefix = match[1]
	}
}

// sameJob are the flags that change nothing in the job but its name.
var sameJob = []string{"Name", "JobNamePrefix", "DryRun", "Output", "Attach", "Wait", "Timeout"}

// exported returns the old job as it is stored. The webhook removes from it what it has added itself.
func (c *Resubmit) exported(run *invocation.Invocation, object *unstructured.Unstructured, typed []string) (Request, error) {
	if changes := slices.ContainsFunc(typed, func(field string) bool { return !slices.Contains(sameJob, field) }); changes || len(run.Words) > 0 {
		return Request{}, invocation.Failure{fmt.Sprintf("job %q has fields that submit-mpi has no flags for, so flags cannot change it: "+
			"edit the output of 'runai describe job %s -n %s -o yaml', and submit it with 'kubectl create'", object.GetName(), object.GetName(), object.GetNamespace())}
	}
	job := &v2beta1.MPIJob{}
	if err := kube.Decode(object, job); err != nil {
		return Request{}, invocation.Failure{err.Error()}
	}
	c.name(job.Name)
	if mistakes := c.mistakesIn(run, job); len(mistakes) > 0 {
		return Request{}, mistakes
	}
	run.Note(fmt.Sprintf("job %q has fields that submit-mpi has no flags for: submitting it as it is stored", job.Name))
	if secret := job.Annotations[annotations.GitSyncSecretKey]; secret == secretOf(job.Name) {
		run.Warn(fmt.Sprintf("the new job uses Secret %q, which may be deleted with job %q", secret, job.Name))
	}
	lean.WithoutOrigin(job.Annotations)
	job.ObjectMeta = metav1.ObjectMeta{Annotations: job.Annotations, Labels: job.Labels}
	job.Spec.RunPolicy.Suspend = nil
	return Request{exported: job}, nil
}

// mistakesIn returns what is wrong with the flags that do not change a stored job.
func (c *Resubmit) mistakesIn(run *invocation.Invocation, job *v2beta1.MPIJob) invocation.Mistakes {
	r := reader{mistakes: run.Mistakes(), wrong: map[string]bool{}}
	c.checkName(&r)
	c.checkWait(&r)
	renamed := job.DeepCopy()
	renamed.Name = c.likelyName()
	for _, err := range mpijob.Validate(renamed) {
		if err.Field == "metadata.name" {
			r.mistakes = append(r.mistakes, invocation.Problem("--name", renamed.Name, err.Detail))
		}
	}
	return r.mistakes
}
