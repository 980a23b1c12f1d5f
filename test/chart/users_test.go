package chart

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
)

// valuesOf returns the arguments for a values file with this text.
func valuesOf(t *testing.T, text string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"--values", file}
}

const team = `
projects:
  team-a:
    spec: {nodeAffinity: {train: [dgx]}, queue: research, identity: Required, warnOnlyUntil: 2026-12-31}
    namespaces:
    - name: runai-team-a
      labels: {pod-security.kubernetes.io/enforce: restricted}
    - {name: "2026", create: false}
    members:
      users: ["saml:alice@example.com", "true", "system:serviceaccount:ci:robot"]
      groups: [team-a]
      serviceAccounts: [{namespace: ci, name: "1"}]
    viewers: {groups: [support]}
`

func TestProjects(t *testing.T) {
	objects := render(t, valuesOf(t, team)...)
	project := find[v1alpha1.Project](t, objects, "Project", "team-a")
	spec := v1alpha1.ProjectSpec{
		NodeAffinity: v1alpha1.NodeAffinity{Train: []string{"dgx"}}, Queue: "research", Identity: v1alpha1.IdentityRequired,
		WarnOnlyUntil: "2026-12-31",
	}
	if diff := cmp.Diff(spec, project.Spec); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	namespace := find[corev1.Namespace](t, objects, "Namespace", "runai-team-a")
	for key, want := range map[string]string{"runai/queue": "team-a", "pod-security.kubernetes.io/enforce": "restricted"} {
		if got := namespace.Labels[key]; got != want {
			t.Errorf("the label %s is %q, want %q", key, got, want)
		}
	}
	for what, kept := range map[string]map[string]string{"project": project.Annotations, "namespace": namespace.Annotations} {
		if kept["helm.sh/resource-policy"] != "keep" {
			t.Errorf("the %s is not kept", what)
		}
	}
	members := []string{
		"User saml:alice@example.com", "User true", "User system:serviceaccount:ci:robot", "Group team-a", "ServiceAccount ci/1",
	}
	want := map[string][]string{
		"runai-team-a runai-mpi-researcher": members, "2026 runai-mpi-researcher": members,
		"runai-team-a runai-mpi-viewer": {"Group support"}, "2026 runai-mpi-viewer": {"Group support"},
		" runai-mpi:project:team-a": append(slices.Clone(members), "Group support"),
	}
	if diff := cmp.Diff(want, bindings(t, objects)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	own := find[rbacv1.ClusterRole](t, objects, "ClusterRole", "runai-mpi:project:team-a")
	if names := own.Rules[0].ResourceNames; !slices.Equal(names, []string{"team-a"}) {
		t.Errorf("members can read the projects %q", names)
	}
	if names := own.Rules[1].ResourceNames; !slices.Equal(names, []string{"research"}) {
		t.Errorf("members can read the queues %q", names)
	}
}

// Members may open sessions unless each job must run as its submitter, or as the values say.
func TestSessions(t *testing.T) {
	for values, want := range map[string]bool{
		"": true, "spec: {identity: Optional}": true, "spec: {identity: Disabled}": true, "spec: {identity: Required}": false,
		"spec: {identity: Required}, sessions: true": true, "spec: {identity: Required}, sessions: false": false, "sessions: false": false,
	} {
		if values != "" {
			values += ", "
		}
		project := "{" + values + "namespaces: [{name: a}], members: {users: [m]}, viewers: {users: [v]}}"
		objects := render(t, valuesOf(t, "projects: {a: "+project+"}")...)
		subjects := bindings(t, objects)["a runai-mpi-session"]
		if got := slices.Equal(subjects, []string{"User m"}); got != want || !want && subjects != nil {
			t.Errorf("%s: %q may open sessions", values, subjects)
		}
	}
}

// bindings returns the subjects by namespace and role, except those of the webhook itself.
func bindings(t *testing.T, objects chart.Objects) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, object := range objects {
		if kind := object.GetKind(); kind != "RoleBinding" && kind != "ClusterRoleBinding" {
			continue
		}
		binding := &rbacv1.RoleBinding{}
		if err := (chart.Objects{object}).Find(object.GetKind(), "", binding); err != nil {
			t.Fatal(err)
		}
		var subjects []string
		for _, subject := range binding.Subjects {
			name := subject.Kind + " " + subject.Name
			if subject.Namespace != "" {
				name = subject.Kind + " " + subject.Namespace + "/" + subject.Name
			}
			subjects = append(subjects, name)
		}
		if binding.Subjects[0].Namespace != chart.Namespace {
			all[binding.Namespace+" "+binding.RoleRef.Name] = subjects
		}
	}
	return all
}

// Several values files can each add a project or an identity, and change what another one says of it.
func TestProjectsOfSeveralFiles(t *testing.T) {
	objects := render(t, slices.Concat(valuesOf(t, team), valuesOf(t, "projects: {team-b: {}, team-a: {spec: {queue: other}}}"))...)
	find[v1alpha1.Project](t, objects, "Project", "team-b")
	spec := find[v1alpha1.Project](t, objects, "Project", "team-a").Spec
	if spec.Queue != "other" || spec.Identity != v1alpha1.IdentityRequired {
		t.Errorf("got %+v", spec)
	}
}

// The numbers and times of an identity arrive as they were written: helm reads numbers as floats.
func TestIdentities(t *testing.T) {
	objects := render(t, valuesOf(t, `
identities:
  alice:
    subject: saml:alice@example.com
    uid: 1234567890
    gid: 1e+06
    supplementalGroups: [1000000, 2147483647]
    userName: alice
    notAfter: 2030-01-31T00:00:00Z
  robot: {subject: "system:serviceaccount:ci:robot", namespaces: [ci], uid: 21474836470, gid: 5}
`)...)
	alice := find[v1alpha1.PosixIdentity](t, objects, "PosixIdentity", "alice")
	want := v1alpha1.PosixIdentitySpec{
		Subject: "saml:alice@example.com", UID: 1234567890, GID: 1000000, SupplementalGroups: []int64{1000000, 2147483647},
		UserName: "alice", NotAfter: alice.Spec.NotAfter,
	}
	if diff := cmp.Diff(want, alice.Spec); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if until := alice.Spec.NotAfter.UTC().Format("2006-01-02"); until != "2030-01-31" {
		t.Errorf("the identity expires on %s", until)
	}
	if uid := find[v1alpha1.PosixIdentity](t, objects, "PosixIdentity", "robot").Spec.UID; uid != 21474836470 {
		t.Errorf("the API server would not see that the UID is too large: %d", uid)
	}
	if alice.Annotations["helm.sh/resource-policy"] != "keep" {
		t.Error("the identity is not kept")
	}
	set := render(t, "--set", "identities.bob.uid=1234567890", "--set", "identities.bob.subject=bob", "--set", "identities.bob.gid=7")
	if uid := find[v1alpha1.PosixIdentity](t, set, "PosixIdentity", "bob").Spec.UID; uid != 1234567890 {
		t.Errorf("--set makes it %d", uid)
	}
}

// A project without people gives nobody a permission.
func TestEmptyProjects(t *testing.T) {
	for _, text := range []string{
		"projects: {team-a: {}}",
		"projects: {team-a: {spec: {}, namespaces: [], members: {users: [], groups: [], serviceAccounts: []}, viewers: {}}}",
		"projects: {team-a: {namespaces: [{name: a, labels: {}}], members: {users: []}}}",
	} {
		objects := render(t, valuesOf(t, text)...)
		find[v1alpha1.Project](t, objects, "Project", "")
		if got := bindings(t, objects); len(got) > 0 {
			t.Errorf("%s: %v", text, got)
		}
	}
	find[v1alpha1.Project](t, render(t, valuesOf(t, "projects: {"+strings.Repeat("a", 63)+": {}}")...), "Project", strings.Repeat("a", 63))
}

func TestWrongProjects(t *testing.T) {
	for _, test := range [][2]string{
		{"projects: {a: }", "at '/projects/a': got null, want object"},
		{"projects: {A: {}}", "'A' does not match pattern"},
		{"projects: {" + strings.Repeat("a", 64) + ": {}}", "does not match pattern"},
		{"projects: {a: {member: {users: [x]}}}", "additional properties 'member' not allowed"},
		{"projects: {a: {spec: {identity: required}}}", "value must be one of 'Disabled', 'Optional', 'Required'"},
		{"projects: {a: {namespaces: [x]}}", "got string, want object"},
		{"projects: {a: {namespaces: [{name: x}], members: {users: [yes]}}}", "got boolean, want string"},
		{"projects: {a: {namespaces: [{name: x}], members: {users: }}}", "got null, want array"},
		{"identities: {a: {uid: 1, gid: 1}}", "missing property 'subject'"},
		{"identities: {a: {subject: x, uid: \"1\", gid: 1}}", "got string, want integer"},
		{"identities: {a: {subject: x, uid: 1.5, gid: 1}}", "got number, want integer"},
		{"identities: {a: {subject: x, uid: 1, gid: 1, notAfter: 2030-01-31}}", "'2030-01-31' does not match pattern"},
		{
			"projects: {a: {namespaces: [{name: x}]}, b: {namespaces: [{name: x}]}}",
			"namespace x is listed twice, in projects.a and projects.b: remove one of them",
		},
		{
			"projects: {a: {namespaces: [{name: x}, {name: z}, {name: x, create: false}]}}",
			"namespace x is listed twice, in projects.a and projects.a: remove one of them",
		},
		{
			"projects: {a: {members: {users: [alice]}}}",
			"projects.a has members but no namespaces: list its namespaces, with create: false for those that exist",
		},
		{
			"projects: {a: {viewers: {groups: [g]}}}",
			"projects.a has viewers but no namespaces: list its namespaces, with create: false for those that exist",
		},
		{
			"projects: {a: {namespaces: [{name: x, labels: {runai/queue: b}}]}}",
			"namespace x of project a must not set the label runai/queue, which the chart sets: remove it",
		},
		{
			"policy: {projectLabel: p/q}\nprojects: {a: {namespaces: [{name: x, labels: {p/q: a}}]}}",
			"namespace x of project a must not set the label p/q, which the chart sets: remove it",
		},
	} {
		_, err := chart.Render(t.Context(), valuesOf(t, test[0])...)
		if err == nil || !strings.Contains(err.Error(), test[1]) {
			t.Errorf("%s: got %v", test[0], err)
		}
	}
}

// Nothing that the chart makes changes what the roles of Kubernetes itself allow.
func TestNothingAggregates(t *testing.T) {
	for _, object := range render(t, valuesOf(t, team)...) {
		for key := range object.GetLabels() {
			if strings.HasPrefix(key, "rbac.authorization.k8s.io/") {
				t.Errorf("%s %s has the label %s", object.GetKind(), object.GetName(), key)
			}
		}
		if rule, found := object.Object["aggregationRule"]; found {
			t.Errorf("%s has the rule %s", object.GetName(), fmt.Sprint(rule))
		}
	}
}

// Members can read their queue only where there are queues of KAI.
func TestQueuesOfOtherSchedulers(t *testing.T) {
	objects := render(t, append(valuesOf(t, team), "--set", "policy.scheduling.queueLabel=kueue.x-k8s.io/queue-name")...)
	if rules := find[rbacv1.ClusterRole](t, objects, "ClusterRole", "runai-mpi:project:team-a").Rules; len(rules) != 1 {
		t.Errorf("got %v", rules)
	}
}

// While the label of projects changes, replicas with the former one still know the namespaces.
func TestNamespacesKeepFormerLabels(t *testing.T) {
	objects := render(t, append(valuesOf(t, team), "--set", "policy.projectLabel=example.com/project",
		"--set", "formerProjectLabels={runai/queue}", "--set", "commonLabels.owner=hpc", "--set", "commonAnnotations.owner=hpc")...)
	namespace := find[corev1.Namespace](t, objects, "Namespace", "runai-team-a")
	for _, label := range []string{"example.com/project", "runai/queue"} {
		if got := namespace.Labels[label]; got != "team-a" {
			t.Errorf("the label %s is %q", label, got)
		}
	}
	if namespace.Labels["owner"] != "hpc" || namespace.Annotations["owner"] != "hpc" {
		t.Errorf("the namespace has the labels %v and the annotations %v", namespace.Labels, namespace.Annotations)
	}
}

// The page of roles lists the rules of each role.
func TestRolesPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/roles.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z0-9./-]+)` \\| ([a-z, ]+) \\|")
	objects := render(t)
	for _, name := range []string{"runai-mpi-researcher", "runai-mpi-viewer", "runai-mpi-session", "runai-mpi-identity-admin"} {
		_, section, _ := strings.Cut(string(page), "\n### "+name+"\n")
		section, _, _ = strings.Cut(section, "\n#")
		section, _, _ = strings.Cut(section, "\nThe chart also gives")
		want, got := map[string]string{}, map[string]string{}
		for _, rule := range find[rbacv1.ClusterRole](t, objects, "ClusterRole", name).Rules {
			for _, resource := range rule.Resources {
				want[strings.TrimSuffix(resource+"."+rule.APIGroups[0], ".")] = strings.Join(rule.Verbs, ", ")
			}
		}
		for _, match := range row.FindAllStringSubmatch(section, -1) {
			got[match[1]] = match[2]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-rules +page):\n%s", name, diff)
		}
	}
}
