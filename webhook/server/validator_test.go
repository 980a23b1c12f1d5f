package server

import (
	"net/http"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

func byAlice(raw []byte) admission.Request {
	request := creation(raw)
	request.UserInfo = authenticationv1.UserInfo{Username: "saml:alice", Extra: map[string]authenticationv1.ExtraValue{
		"run.ai/uid": {"1234567"}, "run.ai/gid": {"54000"}, "run.ai/supplementary-groups": {"60001"},
	}}
	return request
}

// A final object that differs from the policies' result is refused: another webhook may have changed it.
func TestFinalObjectIsJudged(t *testing.T) {
	m := mutator()
	v := &Validator{m.Lookups, m.Reviewer}
	raw := marshal(t, mpijobtest.MakeMPIJob("dist1", namespace).Workers(2).Annotation(annotations.RunAsUserKey, "true").
		Annotation(annotations.SubmittedByKey, `{"username":"root"}`).Obj())
	final := string(applied(t, raw, m.Handle(t.Context(), byAlice(raw))))
	if strings.Contains(final, `{\"username\":\"root\"}`) {
		t.Error("the user's own stamp was kept")
	}
	for _, test := range []struct{ name, replace, by, want string }{
		{"nothing", "", "", ""},
		{"another uid", `"runAsUser":1234567`, `"runAsUser":1001`, "conflicts with run.ai/run-as-user, which sets 1234567"},
		{"no uid", `"runAsUser":1234567,`, ``, "spec.mpiReplicaSpecs[Launcher].template.spec.securityContext.runAsUser: Forbidden: was changed by another webhook"},
		{"no groups policy", `,"supplementalGroupsPolicy":"Strict"`, ``, "was changed by another webhook after runai-mpi admitted the job"},
		{"a container's uid", `"allowPrivilegeEscalation":false`, `"allowPrivilegeEscalation":false,"runAsUser":0`, "conflicts with run.ai/run-as-user, which sets 1234567"},
		{"escalation", `"allowPrivilegeEscalation":false`, `"allowPrivilegeEscalation":true`, "conflicts with run.ai/run-as-user, which sets false"},
		{"a capability", `"NET_BIND_SERVICE"`, `"NET_BIND_SERVICE","SETUID"`, "cannot be used with run.ai/run-as-user"},
		{"another passwd", `alice:x:1234567:`, `alice:x:1001:`, "was changed by another webhook after runai-mpi admitted the job"},
		{"another stamp", `\"username\":\"saml:alice\"`, `\"username\":\"saml:bob\"`, "was changed by another webhook after runai-mpi admitted the job"},
		{"no affinity", `"affinity":`, `"affinities":`, "was changed by another webhook after runai-mpi admitted the job"},
		{"another version of the webhook", `start-gate (test)`, `start-gate v0.0.1`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			changed := strings.Replace(final, test.replace, test.by, 1)
			if changed == final && test.replace != "" {
				t.Fatalf("the job has no %s: %s", test.replace, final)
			}
			response := v.Handle(t.Context(), byAlice([]byte(changed)))
			if response.Allowed != (test.want == "") {
				t.Fatalf("allowed: %t, %v", response.Allowed, response.Result)
			}
			if test.want != "" && (response.Result.Code != http.StatusUnprocessableEntity || !strings.Contains(response.Result.Message, test.want)) {
				t.Errorf("got %s", response.Result.Message)
			}
		})
	}
	// Bob submits the job that was admitted for Alice.
	request := byAlice([]byte(final))
	request.UserInfo = authenticationv1.UserInfo{Username: "saml:bob", Extra: map[string]authenticationv1.ExtraValue{"run.ai/uid": {"1001"}, "run.ai/gid": {"1001"}}}
	if response := v.Handle(t.Context(), request); response.Allowed {
		t.Error("Bob runs as Alice")
	}
}

// Only the validating webhook sees a generated name.
func TestGeneratedNameIsNoChange(t *testing.T) {
	m := mutator()
	job := mpijobtest.MakeMPIJob("", namespace).Annotation(annotations.RunAsUserKey, "true").Obj()
	job.GenerateName = "dist-"
	raw := marshal(t, job)
	final := string(applied(t, raw, m.Handle(t.Context(), byAlice(raw))))
	named := strings.Replace(final, `"generateName":"dist-"`, `"generateName":"dist-","name":"dist-abcde"`, 1)
	v := &Validator{m.Lookups, m.Reviewer}
	if response := v.Handle(t.Context(), byAlice([]byte(named))); !response.Allowed || named == final {
		t.Errorf("got %v of %s", response.Result, named)
	}
}
