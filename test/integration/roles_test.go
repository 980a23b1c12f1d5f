package integration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/audit"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// usersOfTheChart are the kinds of objects that the chart makes for projects and their people.
var usersOfTheChart = []string{"ClusterRole", "ClusterRoleBinding", "Namespace", "PosixIdentity", "Project", "RoleBinding"}

// installUsers adds to the cluster what the chart renders for projects and people, and waits until jobs are admitted in
// these namespaces.
func installUsers(t *testing.T, values string, namespaces ...string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(values), 0o600); err != nil {
		t.Fatal(err)
	}
	objects, err := chart.Render(t.Context(), "--values", file)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if !slices.Contains(usersOfTheChart, object.GetKind()) {
			continue
		}
		if err := client.IgnoreAlreadyExists(product.Client.Create(t.Context(), object)); err != nil {
			t.Fatal(err)
		}
	}
	for _, namespace := range namespaces {
		product.AddNamespace(t, namespace, nil) // adds the service account, which no controller makes here
		suite.Eventually(t, "jobs are admitted in "+namespace, suite.Soon, func() error {
			probe := mpijobtest.MakeMPIJob("probe", namespace).Obj()
			err := product.Client.Create(t.Context(), probe, client.DryRunAll)
			if err == nil && probe.Annotations[annotations.AppliedPoliciesKey] == "" {
				err = errors.New("the webhook was not called")
			}
			return err
		})
	}
}

func addUser(t *testing.T, name string, groups ...string) *env.User {
	t.Helper()
	user, err := product.AddUser(name, groups...)
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// A run is a command line, the beginning of what it prints to stdout or stderr, and its exit code.
type run struct {
	args, says string
	code       int
}

const anyCode = -1 // where it depends on what other tests left in the cluster

// do runs commands one after the other.
func do(t *testing.T, kubeconfig string, runs []run) []run {
	t.Helper()
	for _, r := range runs {
		stdout, stderr, code := product.RunaiAs(t, kubeconfig, strings.Fields(r.args)...)
		if code != r.code && r.code != anyCode || !strings.HasPrefix(stdout, r.says) && !strings.HasPrefix(stderr, r.says) {
			t.Errorf("%s: exit code %d, got %s%s", r.args, code, stdout, stderr)
		}
	}
	return runs
}

// areAll fails unless each command in the reference of runai, which comes from its parser, was run.
func areAll(t *testing.T, runs []run) {
	t.Helper()
	page, err := os.ReadFile("../../docs/reference/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile(`(?m)^## runai (.*)$`).FindAllStringSubmatch(string(page), -1)
	if len(commands) < 8 {
		t.Errorf("the reference has only %d commands", len(commands))
	}
	for _, command := range commands {
		if !slices.ContainsFunc(runs, func(r run) bool { return strings.HasPrefix(r.args+" ", command[1]+" ") }) {
			t.Errorf("no case runs %s", command[1])
		}
	}
}

// A member of a project, by nothing but the chart's values, can use every command. They use each permission of the
// three roles that they get, and runai asks for more only where it works without.
func TestResearcher(t *testing.T) {
	const who = "saml:rita@example.com"
	const namespace = "runai-crew"
	installUsers(t, `
projects:
  crew:
    namespaces: [{name: runai-crew}, {name: annex}]
    members: {users: ["saml:rita@example.com"]}
  strangers:
    namespaces: [{name: runai-strangers}]
`, namespace, "annex", "runai-strangers")
	limit(t, namespace, corev1.ResourceRequestsStorage, "3Gi")
	user := addUser(t, who)
	kubeconfig := copied(t, user.Kubeconfig())
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	withPassword := " --git-sync source=https://git.example.com/code,username=rita,password=@" + password
	const submitted = "The job '%s' has been submitted successfully\n"
	runs := do(t, kubeconfig, []run{
		{"config project crew", "Project crew has been set as default project\n", 0},
		{"list projects", "PROJECT         DEPARTMENT", 0},
		{"whoami", "The cluster authenticates you as saml:rita@example.com.\n", 0},
		{"version", "Client: ", 0},
		{"submit-mpi dist1 -i x --pvc :1Gi:/data" + withPassword, fmt.Sprintf(submitted, "dist1"), 0},
		{"submit-mpi -p crew -i x --pvc :1Gi:/data", fmt.Sprintf(submitted, "job-0"), 0},
		{"submit-mpi -i x --dry-run=server -o name" + withPassword, "mpijob.kubeflow.org/job-1\n", 0},
		{"submit-mpi dist2 -n annex -i x", fmt.Sprintf(submitted, "dist2"), 0},
		{"submit-mpi kai -i x -g 1", fmt.Sprintf(submitted, "kai"), 0},
		{"submit-mpi dist3 -p annex -i x", "runai: saml:rita@example.com is not allowed to create mpijobs in namespace runai-annex: ", 1},
		{"submit-mpi dist4 -i x --pvc :1Gi:/a --pvc :1Gi:/b" + withPassword, "runai: cannot create claim", 1}, // and takes all back
		{"list jobs", "Showing jobs for project crew\n", 0},
		{"list jobs -n annex", "Showing jobs for project crew\n", 0},
		{"list jobs -p strangers", "runai: saml:rita@example.com is not allowed to list mpijobs", 1},
		{"list jobs -A", "runai: saml:rita@example.com is not allowed to list mpijobs", 1},
		{"describe job dist1", "NAME:", 0},
		{"describe job dist2 -n annex -o yaml", "apiVersion", 0},
		{"logs dist1", "runai: job \"dist1\" has no output yet", 1},
		{"describe job " + waitsInQueue(t, namespace), "NAME:", 0},
		{"resubmit kai --dry-run=server -o name", "mpijob.kubeflow.org/kai-0\n", 0},
		{"completion bash", "# bash completion", 0},
	})
	group(t, product.Job(t, namespace, "kai"))
	setStatus(t, podsOf(t, product.Job(t, namespace, "dist1")).all(), running)
	runs = append(runs, do(t, kubeconfig, []run{
		{"describe job kai", "NAME:", 0},
		{"logs dist1", "", anyCode}, // no kubelet has a log
		{"wait dist1 --for running", "Job dist1 is running.\n", 0},
		{"attach nothing", "runai: job \"nothing\" not found", 1}, // see attach
		{"exec dist1 -- true", "runai: ", 1},                      // no kubelet opens a session
		{"bash dist1", "runai: ", 1},
		{"port-forward dist1 :8080", "runai: ", 1},
		{"suspend dist1", "Job dist1 suspended: its pods are being deleted. Resume it with 'runai resume dist1'.\n", 0},
		{"resume dist1", "Job dist1 resumed: it starts from the beginning, in new pods.\n", 0},
		{"delete job dist1", "Job dist1 deleted successfully.\n", 0},
		{"delete job --all --yes", "Job job-0 deleted successfully.\nJob kai deleted successfully.\nJob queued deleted successfully.\n", 0},
	})...)
	areAll(t, runs)
	attach(t, user, "annex")
	loseResponses(t, user, "annex")
	rules := slices.Concat(clusterRole(t, "runai-mpi-researcher"), clusterRole(t, "runai-mpi-session"),
		clusterRole(t, "runai-mpi:project:crew"))
	suite.Eventually(t, "each permission is used", suite.Soon, func() error {
		requests, err := audit.RequestsOf(product.AuditLog(), who)
		return errors.Join(err, audit.Exact(rules, requests,
			"create selfsubjectrulesreviews.authorization.k8s.io", // which every user is allowed to
			"list namespaces",             // to look for namespaces that are not called after their projects
			"list projects.policy.run.ai", // before those that the user may read
		))
	})
}

// A project can have several namespaces: -n selects one, as the error says.
func TestProjectWithTwoNamespaces(t *testing.T) {
	installUsers(t, "projects: {pair: {namespaces: [{name: runai-pair}, {name: runai-pair-2}]}}")
	do(t, copied(t, product.Kubeconfig()), []run{
		{"config project pair", "runai: project \"pair\" has the namespaces runai-pair, runai-pair-2: select one with -n\n", 1},
		{"config project pair -n runai-pair-2", "Project pair has been set as default project\n", 0},
		{"list jobs", "Showing jobs for project pair\n", 0},
	})
}

// attach submits a job and follows it until it has asked for a session, which no kubelet opens.
func attach(t *testing.T, user *env.User, namespace string) {
	t.Helper()
	asked := make(chan struct{})
	once := sync.OnceFunc(func() { close(asked) })
	kubeconfig := suite.Proxied(t, user.Config, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/log") { // no kubelet has one, and its end would end the session
			select {
			case <-asked:
			case <-r.Context().Done():
			}
		}
		forward.ServeHTTP(w, r)
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/attach") { // after the attempt with a WebSocket
			once()
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan string)
	go func() {
		_, stderr, _, err := product.RunRunai(ctx, kubeconfig, "submit-mpi", "followed", "-n", namespace, "-i", "x", "--attach")
		ended <- fmt.Sprint(stderr, err)
	}()
	suite.Eventually(t, "the job has pods", suite.Soon, func() error {
		return product.HasPods(t, namespace, 2, client.MatchingLabels{v2beta1.JobNameLabel: "followed"})
	})
	setStatus(t, podsOf(t, product.Job(t, namespace, "followed")).all(), running)
	select {
	case <-asked:
	case <-time.After(suite.Soon):
		t.Error("no session was requested by SPDY")
	}
	cancel()
	if says := <-ended; !strings.Contains(says, "interrupted: job \"followed\" was not deleted") {
		t.Error(says)
	}
}

// loseResponses submits a job, and cuts the connection after each creation: runai looks for what it created.
func loseResponses(t *testing.T, user *env.User, namespace string) {
	t.Helper()
	lost := suite.Proxied(t, user.Config, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		if !isCreation(r) {
			forward.ServeHTTP(w, r)
			return
		}
		forward.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	})
	if _, stderr, code := product.RunaiAs(t, lost, "submit-mpi", "lost", "-n", namespace, "-i", "x", "--pvc", ":1Gi:/a",
		"--request-timeout=2s"); code != 0 {
		t.Error(stderr)
	}
	// A Secret cannot be looked for: the job is taken back, and the Secret with it.
	_, stderr, code := product.RunaiAs(t, lost, "submit-mpi", "unsure", "-n", namespace, "-i", "x",
		"--git-sync", "source=https://git.example.com/code,username=rita,password=x", "--request-timeout=2s")
	want := "runai: cannot create Secret \"unsure-git-sync\" of --git-sync: cannot reach the API server"
	if code != 1 || !strings.Contains(stderr, want) {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	suite.Eventually(t, "the Secret is gone with its job", suite.Soon, func() error {
		return product.HasNo(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "unsure-git-sync"}})
	})
}

// A viewer of the whole cluster can use every command that shows something, and nothing else.
func TestViewer(t *testing.T) {
	const who = "vera"
	installUsers(t, "projects: {watched: {namespaces: [{name: runai-watched}]}}", "runai-watched")
	submit(t, "dist1", "-p", "watched")
	setStatus(t, podsOf(t, product.Job(t, "runai-watched", "dist1")).all(), running)
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "viewers"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "runai-mpi-viewer"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: "support"}},
	}
	product.Create(t, binding)
	product.AwaitPermission(t, binding.Subjects[0], "", install.Verbs("kubeflow.org", []string{"mpijobs"}, "list"))
	kubeconfig := copied(t, addUser(t, who, "support").Kubeconfig())
	runs := do(t, kubeconfig, []run{
		{"config project watched", "Project watched has been set as default project\n", 0},
		{"list projects", "PROJECT ", 0},
		{"list jobs", "Showing jobs for project watched\n", 0},
		{"list jobs -A", "Showing jobs for all projects\n", 0},
		{"describe job dist1", "NAME:", 0},
		{"logs dist1", "", anyCode}, // no kubelet has a log
		{"wait dist1 --for running", "Job dist1 is running.\n", 0},
		{"describe job " + waitsInQueue(t, "runai-watched"), "NAME:", 0},
	})
	suite.Eventually(t, "each permission is used", suite.Soon, func() error {
		requests, err := audit.RequestsOf(product.AuditLog(), who)
		return errors.Join(err, audit.Exact(clusterRole(t, "runai-mpi-viewer"), requests))
	})
	areAll(t, append(runs, do(t, kubeconfig, []run{
		{"suspend dist1", "runai: vera is not allowed to patch mpijobs", 1},
		{"resume dist1", "Job dist1 is not suspended. Its status is Running.\n", 0},
		{"delete job dist1", "runai: vera is not allowed to delete mpijobs", 1},
		{"attach nothing", "runai: job \"nothing\" not found", 1},
		{"exec dist1 -- true", "runai: vera is not allowed to open sessions in the pods of namespace runai-watched: ", 1},
		{"bash dist1", "runai: vera is not allowed to open sessions in the pods of namespace runai-watched: ", 1},
		{"port-forward dist1 :8080", "runai: vera is not allowed to open sessions in the pods of namespace runai-watched: ", 1},
		{"submit-mpi dist2 -i x", "runai: vera is not allowed to create mpijobs", 1},
		{"resubmit dist1", "runai: vera is not allowed to create mpijobs", 1},
		{"completion zsh", "#compdef runai", 0},
		{"whoami", "runai: vera is not allowed to create mpijobs", 1},
		{"version", "Client: ", 1},
	})...))
}

// waitsInQueue creates a job that waits in a queue of Kueue, which does not run, and returns its name.
func waitsInQueue(t *testing.T, namespace string) (name string) {
	t.Helper()
	job := mpijobtest.MakeMPIJob("queued", namespace).Label("kueue.x-k8s.io/queue-name", "research").Obj()
	job.Spec.RunPolicy.Suspend = new(true)
	product.Create(t, job)
	return job.Name
}

// An identity administrator can use kubectl on PosixIdentities, and on nothing else.
func TestIdentityAdmin(t *testing.T) {
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "identity-admins"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "runai-mpi-identity-admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "irene"}},
	}
	product.Create(t, binding)
	product.AwaitPermission(t, binding.Subjects[0], "", install.Verbs("policy.run.ai", []string{"posixidentities"}, "create"))
	irene := addUser(t, "irene")
	const entry = "apiVersion: policy.run.ai/v1alpha1\nkind: PosixIdentity\nmetadata: {name: managed}\n" +
		"spec: {subject: managed, uid: %d, gid: 2001}"
	for uid, command := range []string{"create", "apply", "replace", "delete"} {
		suite.Kubectl(t, irene, fmt.Sprintf(entry, 5000+uid), command, "-f", "-")
	}
	_, _, _ = irene.Kubectl(t.Context(), nil, "get", "posixidentities", "--watch", "--request-timeout=1s") // ends with an error
	suite.Eventually(t, "each permission is used", suite.Soon, func() error {
		requests, err := audit.RequestsOf(product.AuditLog(), "irene")
		return errors.Join(err, audit.Exact(clusterRole(t, "runai-mpi-identity-admin"), requests))
	})
}

// What members of a project and its viewers must not be able to do.
func TestWhatRolesDoNotAllow(t *testing.T) {
	installUsers(t, `
projects:
  fenced:
    namespaces: [{name: runai-fenced}]
    spec: {identity: Required}
    members:
      groups: [fenced]
      serviceAccounts: [{namespace: ci, name: deployer}]
    viewers: {users: ["fiona@example.com"]}
  open: {namespaces: [{name: runai-open}]}
`)
	deployer, err := product.ServiceAccount("ci", "deployer")
	if err != nil {
		t.Fatal(err)
	}
	for name, user := range map[string]*env.User{
		"a member": addUser(t, "fred", "fenced"), "a service account": deployer, "a viewer": addUser(t, "fiona@example.com"),
	} {
		asked := product.ClientOf(t, user)
		if !may(t, asked, "list mpijobs.kubeflow.org runai-fenced") ||
			may(t, asked, "create mpijobs.kubeflow.org runai-fenced") != (name != "a viewer") {
			t.Errorf("%s is not allowed what they are there for", name)
		}
		for _, question := range strings.Split(strings.TrimSpace(forbidden), "\n") {
			if may(t, asked, question) {
				t.Errorf("%s is allowed to %s", name, question)
			}
		}
	}
}

// forbidden are a verb, a resource, its group and subresource, a namespace, and a name.
const forbidden = `
get secrets runai-fenced
list secrets runai-fenced
watch secrets runai-fenced
update secrets runai-fenced
patch secrets runai-fenced
delete secrets runai-fenced
deletecollection secrets runai-fenced
get configmaps runai-fenced
create pods runai-fenced
patch pods runai-fenced
delete pods runai-fenced
create pods/exec runai-fenced
get pods/exec runai-fenced
create pods/attach runai-fenced
get pods/attach runai-fenced
create pods/portforward runai-fenced
get pods/portforward runai-fenced
patch pods/ephemeralcontainers runai-fenced
get pods/proxy runai-fenced
create jobs.batch runai-fenced
update mpijobs.kubeflow.org runai-fenced
patch mpijobs/status.kubeflow.org runai-fenced
deletecollection mpijobs.kubeflow.org runai-fenced
update persistentvolumeclaims runai-fenced
patch persistentvolumeclaims runai-fenced
create rolebindings.rbac.authorization.k8s.io runai-fenced
create roles.rbac.authorization.k8s.io runai-fenced
create serviceaccounts/token runai-fenced
impersonate serviceaccounts runai-fenced
update namespaces runai-fenced runai-fenced
patch namespaces runai-fenced runai-fenced
delete namespaces runai-fenced runai-fenced
get namespaces runai-open runai-open
list namespaces
create namespaces
impersonate users
impersonate groups
impersonate userextras/run.ai/uid.authentication.k8s.io
list projects.policy.run.ai
watch projects.policy.run.ai
get projects.policy.run.ai - open
create projects.policy.run.ai
update projects.policy.run.ai - fenced
patch projects.policy.run.ai - fenced
delete projects.policy.run.ai - fenced
get posixidentities.policy.run.ai
list posixidentities.policy.run.ai
create posixidentities.policy.run.ai
update posixidentities.policy.run.ai
patch posixidentities.policy.run.ai
create persistentvolumes
list mpijobs.kubeflow.org runai-open
create mpijobs.kubeflow.org runai-open
list pods runai-open
get pods/log runai-open
list events runai-open
create secrets runai-open
list mpijobs.kubeflow.org
list pods
list secrets
`

// may reports whether a user is allowed to do something.
func may(t *testing.T, user client.Client, question string) bool {
	t.Helper()
	words := append(strings.Fields(question), "", "")
	resource, group, _ := strings.Cut(words[1], ".")
	if subresource, rest, found := strings.Cut(words[1], "/"); found && strings.Contains(rest, "/") { // userextras/run.ai/uid
		resource, group = subresource+"/run.ai/uid", "authentication.k8s.io"
	}
	resource, subresource, _ := strings.Cut(resource, "/")
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: words[0], Group: group, Resource: resource, Subresource: subresource,
			Namespace: strings.TrimPrefix(words[2], "-"), Name: words[3],
		},
	}}
	return suite.Create(t, user, review).Status.Allowed
}
