// Package flood makes jobs that would cost a webhook much time or memory if it did not bound what it reads,
// builds and answers.
package flood

import (
	"fmt"
	"slices"
	"strings"
)

// long is a text that is longer than any that a job needs.
var long = strings.Repeat("x", 400_000)

// A Job is a job in JSON, with everything in it that a user may write.
type Job struct {
	// Name says what the job has too much of.
	Name string
	JSON []byte
	// Refusal is a part of the message with which it is refused, or "" if it is admitted.
	Refusal string
}

// appliedBefore is the annotation of a job to which another cluster policy has been applied.
const appliedBefore = `"run.ai/applied-policies":"scheduling,node-affinity,gpu,identity,home-dir,ssh,launcher-env,large-shm,git-sync,` +
	`start-gate v0 0123456789ab queue=q,node-type=t,gpu=g,workers=2"`

// Verdict returns an error unless an answer is the expected one.
func (j Job) Verdict(answer error) error {
	switch {
	case answer == nil && j.Refusal != "":
		return fmt.Errorf("admitted, and not refused with %q", j.Refusal)
	case answer != nil && (j.Refusal == "" || !strings.Contains(answer.Error(), j.Refusal)):
		return fmt.Errorf("refused with %.300q, and not with %q", answer.Error(), j.Refusal)
	}
	return nil
}

// AsUser is the annotation of a job that runs as its submitter.
const AsUser = `"run.ai/run-as-user":"true"`

// Jobs returns the jobs, in a namespace.
func Jobs(namespace string) []Job {
	of := parts{namespace: namespace}
	return slices.Concat(of.elements(), of.intents(), of.reviewed(), of.texts())
}

// elements returns jobs with many elements, and with elements of a wrong type.
func (of parts) elements() []Job {
	const named1, tooMany = `{"name":1}`, "must have at most 100 elements"
	return []Job{
		{"30000 labels", of.metadata(`"labels":{` + members(30_000, `"l%d":""`) + "},"), "must have at most 5000 elements"},
		{"20000 containers of a wrong type", of.spec(containers(list(20_000, named1))), tooMany},
		{"12000 containers of a wrong type", of.spec(containers(list(12_000, named1))), tooMany},
		{"100 containers of a wrong type", of.spec(containers(list(100, named1))), "must be a string, in quotes"},
		{"80000 empty containers", of.spec(containers(list(80_000, "{}"))), tooMany},
		{"200000 empty init containers", of.spec(main + `,"initContainers":` + list(200_000, "{}")), tooMany},
		{
			"100 containers with 900 variables that are numbers",
			of.spec(containers(list(100, `{"name":"a","image":"b","env":`+list(900, "1")+"}"))),
			"and 450 more",
		},
		{
			"5000 variables that are numbers",
			of.spec(containers(`[{"name":"a","image":"b","env":` + list(5_000, "1") + "}]")),
			"and 450 more",
		},
		{
			"a long role with 2000 volumes",
			of.roles(`"` + long[:100_000] + `":{"template":{"spec":{` + main + `,"volumes":` + list(2_000, `{"name":"v"}`) + `}}}`),
			"must have at most 63 bytes",
		},
		{"9000 roles", of.roles(members(9_000, `"Role%d":{"template":{"spec":{}}}`)), "must have at most 10 elements"},
	}
}

// intents returns jobs with many or long annotations.
func (of parts) intents() []Job {
	return []Job{
		{
			"8000 unknown annotations",
			of.annotated(members(8_000, `"run.ai/annotation-%d":"true"`), main),
			"must have at most 5000 elements",
		},
		{"4900 unknown annotations", of.annotated(members(4_900, `"run.ai/annotation-%d":"true"`), main), "unknown annotation"},
		{"a long unknown annotation", of.annotated(`"run.ai/`+long+`":"true"`, main), "unknown annotation"},
		{"a long number of GPUs", of.annotated(`"run.ai/gpu":"`+long+`"`, main), "must have at most 4096 characters"},
		{
			"a long client identity",
			of.annotated(`"run.ai/client-identity":"1000:1000:`+strings.Repeat("1000,", 80_000)+`1000"`, main),
			"must have at most 4096 characters",
		},
		{
			"a long repository",
			of.annotated(`"run.ai/git-sync":"`+strings.Repeat("source=,", 50_000)+`"`, main),
			"must have at most 4096 characters",
		},
		{"a long stamp", of.annotated(`"run.ai/submitted-by":"{`+strings.Repeat(`\"groups\":[`, 40_000)+`"`, main), ""},
		{
			"a long list of applied policies",
			of.annotated(`"run.ai/applied-policies":"`+strings.Repeat("git-sync,", 40_000)+` v0 0123456789ab `+
				strings.Repeat("workers=2,", 10_000)+`"`, main),
			"",
		},
		{
			"5000 volumes of a policy's name",
			of.annotated(appliedBefore, main+`,"volumes":[`+members(5_000, `{"name":"runai-git-sync","configMap":{"name":"c%d"}}`)+"]"),
			"",
		},
	}
}

// reviewed returns jobs that the policies review element by element.
func (of parts) reviewed() []Job {
	return []Job{
		{"5000 volumes that are mounted over ours", of.annotated(AsUser, volumes(2_000)), "and "},
		{"16000 capabilities", of.annotated(AsUser, containers(capabilities(16_000))), "must have at most 100 elements"},
		{
			"100 containers with 100 capabilities",
			of.annotated(AsUser, containers(list(100, strings.Trim(capabilities(100), "[]")))),
			"and ",
		},
		{
			"300000 groups",
			of.spec(main + `,"securityContext":{"supplementalGroups":` + list(300_000, "1") + "}"),
			"must have at most 5000 elements",
		},
		{"5000 groups", of.spec(main + `,"securityContext":{"supplementalGroups":` + list(5_000, "1") + "}"), ""},
		{
			"3 MB of groups",
			of.spec(main + `,"securityContext":{"supplementalGroups":` + list(1_400_000, "1") + "}"),
			"move data into a ConfigMap",
		},
		{"10000 affinity terms", of.spec(main + terms(10_000)), "must have at most 5000 elements"},
		{"5000 affinity terms", of.spec(main + terms(5_000)), "node types"},
		{
			"5000 sysctls",
			of.annotated(AsUser, main+`,"securityContext":{"sysctls":`+list(5_000, `{"name":"kernel.msgmax","value":"1"}`)+"}"),
			"sysctl",
		},
		{"5000 tolerations", of.spec(main + `,"tolerations":` + list(5_000, `{"key":"a"}`)), ""},
		{"5000 scheduling gates", of.spec(main + `,"schedulingGates":` + list(5_000, `{"name":"run.ai/admission"}`)), ""},
		{"the most containers with many variables", of.annotated(AsUser, containers(largest())), ""},
	}
}

// texts returns jobs with long texts, and with short ones that take long to read.
func (of parts) texts() []Job {
	return []Job{
		{
			"a long path of the keys",
			of.whole(AsUser, `"sshAuthMountPath":"/`+long+`",`),
			"at most 255 letters",
		},
		{"a long MPI implementation", of.whole("", `"mpiImplementation":"`+long+`",`), "must be"},
		{"a long image", of.spec(containers(`[{"name":"a","image":"` + long + long + `"}]`)), "the policies"},
		{
			"a long command of an sshd",
			of.worker(AsUser, containers(`[{"name":"a","image":"b","command":["/usr/sbin/sshd","-f","`+long+`"]}]`)),
			"custom configuration",
		},
		{
			"100 long names of containers in a restricted job",
			of.annotated(AsUser, containers(list(100, `{"name":"`+long[:9_000]+
				`","image":"b","securityContext":{"procMount":"Unmasked"}}`))),
			"procMount Unmasked",
		},
		{
			"a tiny quantity",
			of.spec(containers(`[{"name":"a","image":"b","resources":{"limits":{"cpu":"1e-99999999"}}}]`)),
			"must be a quantity",
		},
		{
			"a huge quantity",
			of.spec(containers(`[{"name":"a","image":"b","resources":{"limits":{"cpu":"1E2147483648"}}}]`)),
			"must be a quantity",
		},
		{"a tiny amount of GPU memory", of.annotated(`"run.ai/gpu-memory":"1e-99999999"`, main), "must be a quantity"},
		{"a long name", of.job("a"+long, "", main), "must"},
	}
}

// Namesakes are too many elements that only a reader of raw JSON can meet, because the API server removes or
// refuses them: fields that no type has, and names that occur twice.
func Namesakes(namespace string) []Job {
	of := parts{namespace: namespace}
	return []Job{
		{
			"4000 containers under an escaped name",
			of.spec(`"containe\u0072s":` + list(4_000, "{}")),
			"must have at most 100 elements",
		},
		{"300000 owner references", of.metadata(`"ownerReferences":` + list(300_000, "{}") + ","), "must have at most 5000 elements"},
		{
			"an unknown field with 200000 elements",
			of.spec(main + `,"unknown":` + list(200_000, "1")),
			"must have at most 5000 elements",
		},
		{
			"5000 variables of a policy's name",
			of.annotated(appliedBefore, containers(`[{"name":"mpi","image":"example/mpi","env":[`+
				members(5_000, `{"name":"GIT_CONFIG_COUNT","value":"%d"}`)+"]}]")),
			"",
		},
		{
			"400 lists with 400 elements",
			of.spec(main + `,"unknown":` + list(400, list(400, "1"))),
			"must have at most 100000 names and values",
		},
		{"a depth of 9000", of.spec(main + `,"unknown":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000)), ""},
		{"100000 equal names", of.spec(main + strings.Repeat(`,"hostIPC":true`, 100_000)), "must have at most 5000 elements"},
	}
}

// main is the main container of a template.
const main = `"containers":[{"name":"mpi","image":"example/mpi"}]`

func containers(list string) string { return `"containers":` + list }

func list(n int, element string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
}

func members(n int, format string) string {
	all := make([]string, 0, n)
	for i := range n {
		all = append(all, fmt.Sprintf(format, i))
	}
	return strings.Join(all, ",")
}

// largest returns as many containers as a template may have, with almost as many variables as a job may have.
func largest() string {
	var all []string
	for n := range 100 {
		variables := members(120, `{"name":"VARIABLE_%d","value":"x"}`)
		all = append(all, fmt.Sprintf(`{"name":"c%d","image":"example/mpi","env":[%s]}`, n, variables))
	}
	return "[" + strings.Join(all, ",") + "]"
}

func capabilities(n int) string {
	return `[{"name":"a","image":"b","securityContext":{"capabilities":{"add":` + list(n, `"A"`) + "}}}]"
}

func volumes(n int) string {
	return containers(`[{"name":"a","image":"b","volumeMounts":`+list(n, `{"name":"v","mountPath":"/etc/ssh"}`)+"}]") +
		`,"volumes":` + list(n, `{"name":"v"}`)
}

func terms(n int) string {
	return `,"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":` +
		list(n, `{"matchExpressions":[{"key":"k","operator":"Exists"}]}`) + "}}}"
}

type parts struct{ namespace string }

func (p parts) spec(launcher string) []byte { return p.job("flood", "", launcher) }

func (p parts) annotated(annotations, launcher string) []byte {
	return p.job("flood", annotations, launcher)
}

func (p parts) job(name, annotations, launcher string) []byte {
	return p.object(name, annotations, roles(launcher, main))
}

func (p parts) worker(annotations, worker string) []byte {
	return p.object("flood", annotations, roles(main, worker))
}

func (p parts) roles(roles string) []byte { return p.object("flood", "", roles) }

func roles(launcher, worker string) string {
	const both = `"Launcher":{"replicas":1,"template":{"spec":{%s}}},"Worker":{"replicas":2,"template":{"spec":{%s}}}`
	return fmt.Sprintf(both, launcher, worker)
}

func (p parts) object(name, annotations, roles string) []byte {
	return p.json(name, "", annotations, "", roles)
}

// metadata returns a job with members of the metadata. Each member ends with a comma.
func (p parts) metadata(members string) []byte {
	return p.json("flood", members, "", "", roles(main, main))
}

// whole returns a job with members of the spec. Each member ends with a comma.
func (p parts) whole(annotations, members string) []byte {
	return p.json("flood", "", annotations, members, roles(main, main))
}

func (p parts) json(name, metadata, annotations, spec, roles string) []byte {
	return fmt.Appendf(nil, `{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob",`+
		`"metadata":{%s"name":%q,"namespace":%q,"annotations":{%s}},"spec":{%s"mpiReplicaSpecs":{%s}}}`,
		metadata, name, p.namespace, annotations, spec, roles)
}
