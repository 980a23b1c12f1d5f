package policy_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/mpijob"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
	"github.com/runai-mpi/runai-mpi/webhook/review"
)

// A tree is a job as JSON, in which a list whose elements have an identifier is a map by identifier.
type tree = map[string]any

// identifiers of the elements of lists.
var identifiers = map[string]string{
	"containers": "name", "initContainers": "name", "volumes": "name", "env": "name", "schedulingGates": "name", "volumeMounts": "mountPath", "tolerations": "key",
}

func treeOf(t testing.TB, job *v2beta1.MPIJob) tree {
	t.Helper()
	data, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	var decoded tree
	if err := json.Unmarshal(data, &decoded); err != nil {
		t.Fatal(err)
	}
	return keyed("", decoded).(tree)
}

// decodeTree reads YAML.
func decodeTree(t testing.TB, text string) tree {
	t.Helper()
	var decoded tree
	if err := yaml.Unmarshal([]byte(text), &decoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}

func keyed(name string, value any) any {
	switch value := value.(type) {
	case tree:
		for key := range value {
			value[key] = keyed(key, value[key])
		}
	case []any:
		identifier, known := identifiers[name]
		if !known {
			return value
		}
		elements := tree{}
		for _, element := range value {
			elements[fmt.Sprint(element.(tree)[identifier])] = keyed("", element)
		}
		return elements
	}
	return value
}

// A change is a difference of two trees, with the names of the members on the way to it.
type change []string

func changes(before, after any, at change) []change {
	old, wasTree := before.(tree)
	new, isTree := after.(tree)
	if !wasTree && !isTree {
		if cmp.Equal(before, after) {
			return nil
		}
		return []change{at}
	}
	var all []change
	names := maps.Clone(old)
	if names == nil {
		names = tree{}
	}
	maps.Copy(names, new)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		all = append(all, changes(old[name], new[name], append(slices.Clone(at), name))...)
	}
	return all
}

// isOwned reports whether an ownership declares a change.
func isOwned(c change, job tree, owned policy.Ownership) bool {
	if c[0] == "metadata" {
		return isOwnedMetadata(c, owned)
	}
	if len(c) < 5 || c[1] != "mpiReplicaSpecs" {
		return owned.HasField(strings.Join(c, "."))
	}
	template, rest := job[c[0]].(tree)[c[1]].(tree)[c[2]].(tree)["template"].(tree), c[4:]
	switch {
	case rest[0] == "metadata":
		return isOwnedMetadata(rest, owned)
	case rest[1] == "initContainers" && slices.Contains(owned.Containers, rest[2]), rest[1] == "volumes" && slices.Contains(owned.Volumes, rest[2]):
		return true
	case len(rest) > 4 && rest[1] == "containers" && rest[3] == "env" && slices.Contains(owned.Env, rest[4]):
		return true
	case len(rest) > 4 && rest[1] == "containers" && rest[3] == "volumeMounts":
		mount := template["spec"].(tree)["containers"].(tree)[rest[2]].(tree)["volumeMounts"].(tree)[rest[4]].(tree)
		return slices.Contains(owned.Volumes, mount["name"].(string))
	}
	return owned.HasField(fieldName(rest))
}

func isOwnedMetadata(c change, owned policy.Ownership) bool {
	return len(c) == 3 && (c[1] == "labels" && owned.HasLabel(c[2]) || c[1] == "annotations" && owned.HasAnnotation(c[2]))
}

// fieldName returns a change below a pod template as declarations write it. The first container is the main one.
func fieldName(rest change) string {
	name := "template"
	for i, part := range rest {
		switch {
		case i > 0 && rest[i-1] == "containers":
			name += "[0]"
		case i > 0 && (identifiers[rest[i-1]] != "" || rest[i-1] == "limits" || rest[i-1] == "requests" || rest[i-1] == "nodeSelector"):
			name += "[" + part + "]"
		default:
			name += "." + part
		}
	}
	return name
}

// A step is the result of one policy.
type step struct {
	policy        policy.Policy
	before, after tree
}

// An admission is a case whose job is admitted, step by step.
type admission struct {
	submission
	steps []step
	final *v2beta1.MPIJob
}

func loadAdmissions(t *testing.T) []admission {
	t.Helper()
	var all []admission
	for _, s := range loadSubmissions(t) {
		if _, admitted := s.File("admitted.yaml"); admitted {
			all = append(all, admit(t, s))
		}
	}
	return all
}

func admit(t *testing.T, s submission) admission {
	t.Helper()
	a := admission{submission: s, final: s.job.DeepCopy()}
	reviewer, previous := s.reviewer(), treeOf(t, s.job)
	reviewer.Applied = func(name string, job *v2beta1.MPIJob) {
		i := slices.IndexFunc(policy.Chain, func(p policy.Policy) bool { return p.Name == name })
		now := treeOf(t, job)
		a.steps = append(a.steps, step{policy.Chain[i], previous, now})
		previous = now
	}
	if _, errs := reviewer.Create(a.final, s.request()); len(errs) > 0 {
		t.Fatalf("%s: %s", s.Name, errs.ToAggregate())
	}
	return a
}

// A policy declares everything that it changes.
func TestPoliciesOwnWhatTheyChange(t *testing.T) {
	changing := map[string]bool{}
	for _, a := range loadAdmissions(t) {
		stamp, err := annotations.ParseStamp(a.final.Annotations)
		if err != nil {
			t.Fatal(err)
		}
		intent, _ := annotations.Parse(a.job.Annotations)
		in := policy.Input{Intent: intent, Project: a.project, Cluster: a.cluster, Identity: stamp.Identity}
		for _, s := range a.steps {
			var owned policy.Ownership
			if s.policy.Owns != nil {
				owned = s.policy.Owns(a.final, in)
			}
			for _, c := range changes(s.before, s.after, nil) {
				changing[s.policy.Name] = true
				having := s.after
				if present(s.after, c) == nil {
					having = s.before // it removed the value
				}
				if !isOwned(c, having, owned) {
					t.Errorf("%s: %s changes %s, which it does not declare in Owns", a.Name, s.policy.Name, strings.Join(c, " "))
				}
			}
		}
	}
	for _, p := range policy.Chain {
		if !changing[p.Name] {
			t.Errorf("no golden shows what %s changes", p.Name)
		}
	}
}

// No update removes what a policy changes.
func TestUpdatesKeepWhatPoliciesChange(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, a := range loadAdmissions(t) {
		stored := jobOf(t, treeOf(t, a.final))
		if verdict := a.reviewer().ClassifyUpdate(stored, stored.DeepCopy()); verdict.Class != review.Steers {
			t.Fatalf("%s: an update that changes nothing is of class %d", a.Name, verdict.Class)
		}
		for _, s := range a.steps {
			for _, c := range changes(s.before, s.after, nil) {
				all := treeOf(t, a.final)
				if !set(all, c, present(s.before, c)) {
					continue // a later policy removed its parent
				}
				updated := jobOf(t, all)
				if equality.Semantic.DeepEqual(updated, stored) {
					continue // a later policy changed it again, or it is semantically equal
				}
				tried++
				if verdict := a.reviewer().ClassifyUpdate(stored, updated); verdict.Class == review.Steers {
					t.Errorf("%s: an update takes away what %s wrote at %s", a.Name, s.policy.Name, strings.Join(c, " "))
				}
			}
		}
	}
	if tried < 1000 {
		t.Errorf("only %d updates were tried", tried)
	}
}

// If a policy writes to a list that queues also change, no update removes its elements, and theirs are free.
func TestUpdatesKeepTolerationsOfAPolicy(t *testing.T) {
	toleration := corev1.Toleration{Key: "example.com/pool", Operator: corev1.TolerationOpExists}
	chain := policy.Chain
	t.Cleanup(func() { policy.Chain = chain })
	policy.Chain = append(slices.Clone(chain), policy.Policy{
		Name: "tolerations",
		Ensure: func(job *v2beta1.MPIJob, _ policy.Input) field.ErrorList {
			for _, template := range mpijob.Templates(job) {
				if !slices.Contains(template.Spec.Tolerations, toleration) {
					template.Spec.Tolerations = append(template.Spec.Tolerations, toleration)
				}
			}
			return nil
		},
		Owns: func(*v2beta1.MPIJob, policy.Input) policy.Ownership {
			return policy.Ownership{Fields: []string{"template.spec.tolerations[example.com/pool]"}}
		},
	})
	s := loadSubmissions(t)[slices.IndexFunc(loadSubmissions(t), func(s submission) bool { return s.Name == "plain" })]
	stored := s.job.DeepCopy()
	if _, errs := s.reviewer().Create(stored, s.request()); len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	queue := corev1.Toleration{Key: "example.com/flavor", Operator: corev1.TolerationOpExists}
	for name, test := range map[string]struct {
		tolerations []corev1.Toleration
		steers      bool
	}{
		"a queue adds its own":     {[]corev1.Toleration{toleration, queue}, true},
		"somebody takes ours away": {nil, false},
		"a queue replaces ours":    {[]corev1.Toleration{queue}, false},
	} {
		updated := stored.DeepCopy()
		updated.Spec.MPIReplicaSpecs[mpijob.Worker].Template.Spec.Tolerations = test.tolerations
		if verdict := s.reviewer().ClassifyUpdate(stored, updated); (verdict.Class == review.Steers) != test.steers {
			t.Errorf("%s: got class %d", name, verdict.Class)
		}
	}
}

func present(in tree, at change) any {
	var value any = in
	for _, name := range at {
		members, isTree := value.(tree)
		if !isTree {
			return nil
		}
		value = members[name]
	}
	return value
}

// set writes a value at a path of a tree, or removes it if it is nil, and reports whether the tree has the
// path.
func set(in tree, at change, value any) bool {
	for _, name := range at[:len(at)-1] {
		child, isTree := in[name].(tree)
		if !isTree {
			return false
		}
		in = child
	}
	if value == nil {
		delete(in, at[len(at)-1])
	} else {
		in[at[len(at)-1]] = value
	}
	return true
}

func jobOf(t *testing.T, from tree) *v2beta1.MPIJob {
	t.Helper()
	data, err := json.Marshal(listed("", from))
	if err != nil {
		t.Fatal(err)
	}
	job := &v2beta1.MPIJob{}
	if err := json.Unmarshal(data, job); err != nil {
		t.Fatal(err)
	}
	return job
}

// listed reverses keyed. The lists are then sorted by identifier.
func listed(name string, value any) any {
	members, isTree := value.(tree)
	if !isTree {
		return value
	}
	if identifiers[name] == "" {
		undone := tree{}
		for key := range members {
			undone[key] = listed(key, members[key])
		}
		return undone
	}
	elements := []any{}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		elements = append(elements, listed("", members[key]))
	}
	return elements
}
