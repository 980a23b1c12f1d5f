// Package flood makes jobs that would cost a webhook much time or memory if it did not bound what it reads,
// builds and answers.
package flood

import (
	"fmt"
	"strings"
)

// A Job is a job in JSON, with everything in it that a user may write.
type Job struct {
	// Name says what the job has too much of.
	Name string
	JSON []byte
	// Refusal is a part of the message with which it is refused, or "" if it is admitted.
	Refusal string
}

// appliedBefore is the annotation of a job to which another cluster policy has been applied.
const appliedBefore = `"run.ai/applied-policies":"scheduling,node-affinity,gpu,identity,home-dir,ssh,launcher-env,large-shm,git-sync,start-gate ` +
	`v0 0123456789ab queue=q,node-type=t,gpu=g,workers=2"`

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
	const named1, tooMany, unknown = `{"name":1}`, "must have at most 100 elements", "unknown annotation"
	long := strings.Repeat("x", 1_000_000)
	make := parts{namespace: namespace}
	return []Job{
		{"20000 containers of a wrong type", make.spec(containers(list(20_000, named1))), tooMany},
		{"12000 containers of a wrong type", make.spec(containers(list(12_000, named1))), tooMany},
		{"100 containers of a wrong type", make.spec(containers(list(100, named1))), "must be a string, in quotes"},
		{"80000 empty containers", make.spec(containers(list(80_000, "{}"))), tooMany},
		{"400000 empty init containers", make.spec(main + `,"initContainers":` + list(400_000, "{}")), tooMany},
		{"100 containers with 900 variables that are numbers", make.spec(containers(list(100, `{"name":"a","image":"b","env":`+list(900, "1")+"}"))), "and 450 more"},
		{"5000 variables that are numbers", make.spec(containers(`[{"name":"a","image":"b","env":` + list(5_000, "1") + "}]")), "and 450 more"},
		{"5000 volumes that are mounted over ours", make.annotated(AsUser, volumes(2_000)), "and "},
		{"8000 unknown annotations", make.annotated(members(8_000, `"run.ai/annotation-%d":"true"`), main), "must have at most 5000 elements"},
		{"4900 unknown annotations", make.annotated(members(4_900, `"run.ai/annotation-%d":"true"`), main), unknown},
		{"a long unknown annotation", make.annotated(`"run.ai/`+long[:400_000]+`":"true"`, main), unknown},
		{"a long number of GPUs", make.annotated(`"run.ai/gpu":"`+long+`"`, main), "must have at most 4096 characters"},
		{"a long client identity", make.annotated(`"run.ai/client-identity":"1000:1000:`+strings.Repeat("1000,", 200_000)+`1000"`, main), "must have at most 4096 characters"},
		{"a long repository", make.annotated(`"run.ai/git-sync":"`+strings.Repeat("source=,", 150_000)+`"`, main), "must have at most 4096 characters"},
		{"a long stamp", make.annotated(`"run.ai/submitted-by":"{`+strings.Repeat(`\"groups\":[`, 100_000)+`"`, main), ""},
		{"a long list of applied policies", make.annotated(`"run.ai/applied-policies":"`+strings.Repeat("git-sync,", 110_000)+` v0 0123456789ab `+strings.Repeat("workers=2,", 10_000)+`"`, main), ""},
		{"5000 volumes of a policy's name", make.annotated(appliedBefore, main+`,"volumes":[`+members(5_000, `{"name":"runai-git-sync","configMap":{"name":"c%d"}}`)+"]"), ""},
		{"16000 capabilities", make.annotated(AsUser, containers(capabilities(16_000))), "must have at most 100 elements"},
		{"100 containers with 100 capabilities", make.annotated(AsUser, containers(list(100, strings.Trim(capabilities(100), "[]")))), "and "},
		{"700000 groups", make.spec(main + `,"securityContext":{"supplementalGroups":` + list(700_000, "1") + "}"), "must have at most 5000 elements"},
		{"5000 groups", make.spec(main + `,"securityContext":{"supplementalGroups":` + list(5_000, "1") + "}"), ""},
		{"3 MB of groups", make.spec(main + `,"securityContext":{"supplementalGroups":` + list(1_400_000, "1") + "}"), "move data into a ConfigMap"},
		{"10000 affinity terms", make.spec(main + terms(10_000)), "must have at most 5000 elements"},
		{"5000 affinity terms", make.spec(main + terms(5_000)), "node types"},
		{"5000 sysctls", make.annotated(AsUser, main+`,"securityContext":{"sysctls":`+list(5_000, `{"name":"kernel.msgmax","value":"1"}`)+"}"), "sysctl"},
		{"5000 tolerations", make.spec(main + `,"tolerations":` + list(5_000, `{"key":"a"}`)), ""},
		{"5000 scheduling gates", make.spec(main + `,"schedulingGates":` + list(5_000, `{"name":"run.ai/admission"}`)), ""},
		{"a long image", make.spec(containers(`[{"name":"a","image":"` + long + `"}]`)), "the policies"},
		{"a long command of an sshd", make.worker(AsUser, containers(`[{"name":"a","image":"b","command":["/usr/sbin/sshd","-f","`+long+`"]}]`)), "custom configuration"},
		{"100 long names of containers in a restricted job", make.annotated(AsUser, containers(list(100, `{"name":"`+long[:9_000]+`","image":"b","securityContext":{"procMount":"Unmasked"}}`))), "procMount Unmasked"},
		{"a tiny quantity", make.spec(containers(`[{"name":"a","image":"b","resources":{"limits":{"cpu":"1e-99999999"}}}]`)), "must be a quantity"},
		{"a huge quantity", make.spec(containers(`[{"name":"a","image":"b","resources":{"limits":{"cpu":"1E2147483648"}}}]`)), "must be a quantity"},
		{"a tiny amount of GPU memory", make.annotated(`"run.ai/gpu-memory":"1e-99999999"`, main), "must be a quantity"},
		{"the most containers with many variables", make.annotated(AsUser, containers(largest())), ""},
		{"9000 roles", make.roles(members(9_000, `"Role%d":{"template":{"spec":{}}}`)), "must have at most 10 elements"},
		{"a long name", make.job("a"+long, "", main), "must"},
	}
}

// Namesakes are too many elements that only a reader of raw JSON can meet, because the API server removes or
// refuses them: fields that no type has, and names that occur twice.
func Namesakes(namespace string) []Job {
	make := parts{namespace: namespace}
	return []Job{
		{"an unknown field with 500000 elements", make.spec(main + `,"unknown":` + list(500_000, "1")), "must have at most 5000 elements"},
		{"5000 variables of a policy's name", make.annotated(appliedBefore, containers(`[{"name":"mpi","image":"example/mpi","env":[`+members(5_000, `{"name":"GIT_CONFIG_COUNT","value":"%d"}`)+"]}]")), ""},
		{"400 lists with 400 elements", make.spec(main + `,"unknown":` + list(400, list(400, "1"))), "must have at most 100000 names and values"},
		{"a depth of 9000", make.spec(main + `,"unknown":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000)), ""},
		{"100000 equal names", make.spec(main + strings.Repeat(`,"hostIPC":true`, 100_000)), "must have at most 5000 elements"},
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
		all = append(all, fmt.Sprintf(`{"name":"c%d","image":"example/mpi","env":[%s]}`, n, members(120, `{"name":"VARIABLE_%d","value":"x"}`)))
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
	roles := fmt.Sprintf(`"Launcher":{"replicas":1,"template":{"spec":{%s}}},"Worker":{"replicas":2,"template":{"spec":{%s}}}`, launcher, main)
	return p.object(name, annotations, roles)
}

func (p parts) worker(annotations, worker string) []byte {
	return p.object("flood", annotations, fmt.Sprintf(`"Launcher":{"template":{"spec":{%s}}},"Worker":{"replicas":2,"template":{"spec":{%s}}}`, main, worker))
}

func (p parts) roles(roles string) []byte { return p.object("flood", "", roles) }

func (p parts) object(name, annotations, roles string) []byte {
	return fmt.Appendf(nil, `{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":%q,"namespace":%q,"annotations":{%s}},`+
		`"spec":{"mpiReplicaSpecs":{%s}}}`, name, p.namespace, annotations, roles)
}
