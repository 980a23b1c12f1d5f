package policy_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/webhook/policy"
)

// refusals returns the errors about a worker's pod in a project that requires identities.
func refusals(change func(*corev1.PodSpec)) field.ErrorList {
	job := mpijobtest.MakeMPIJob("mine", "runai-team-a").Template("Worker", func(template *corev1.PodTemplateSpec) {
		change(&template.Spec)
	}).Obj()
	cluster := config.Default()
	cluster.SharedStorage.CSIDrivers = []string{""}
	return policy.Identity.Ensure(job, policy.Input{
		Project:  &v1alpha1.Project{Spec: v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired}},
		Cluster:  cluster,
		Identity: &annotations.Identity{UID: 1001, GID: 1001, UserName: "alice", Home: "/home/alice"},
	})
}

// A kind of volume is refused unless it is listed here, also one that a newer Kubernetes adds.
func TestVolumeKindsAreRefusedByDefault(t *testing.T) {
	accepted := []string{"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"}
	kinds := reflect.TypeFor[corev1.VolumeSource]()
	for i := range kinds.NumField() {
		name, _, _ := strings.Cut(kinds.Field(i).Tag.Get("json"), ",")
		errs := refusals(func(spec *corev1.PodSpec) {
			volume := corev1.Volume{Name: "reach"}
			reflect.ValueOf(&volume.VolumeSource).Elem().Field(i).Set(reflect.New(kinds.Field(i).Type.Elem()))
			spec.Volumes = []corev1.Volume{volume}
		})
		if (len(errs) == 0) != slices.Contains(accepted, name) {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

// Each field of a pod that names a Secret is looked at, also one that a newer Kubernetes adds.
func TestEveryReferenceToASecretIsRefused(t *testing.T) {
	tried := 0
	for _, leaf := range stringsIn(reflect.TypeFor[corev1.PodSpec](), nil) {
		path := strings.Join(leaf, ".")
		isName := leaf[len(leaf)-1] == "name" || leaf[len(leaf)-1] == "secretName"
		if !isName || !strings.Contains(strings.ToLower(path), "secret") || strings.HasPrefix(path, "imagePullSecrets") {
			continue // the kubelet reads a pull secret itself, and only if it is one for a registry
		}
		tried++
		errs := refusals(func(spec *corev1.PodSpec) {
			setString(reflect.ValueOf(spec).Elem(), leaf, "bobs-ssh")
		})
		if len(errs) == 0 {
			t.Errorf("%s may name the Secret of another job", path)
		}
	}
	if tried < 10 {
		t.Errorf("only %d references were tried", tried)
	}
}

// stringsIn returns the paths of all strings in a type, by their JSON names.
func stringsIn(of reflect.Type, at []string) [][]string {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice:
		return stringsIn(of.Elem(), at)
	case reflect.String:
		return [][]string{slices.Clone(at)}
	case reflect.Struct:
		var all [][]string
		for member := range of.Fields() {
			name, _, _ := strings.Cut(member.Tag.Get("json"), ",")
			below := at
			if name != "" {
				below = append(slices.Clone(at), name)
			}
			if member.IsExported() {
				all = append(all, stringsIn(member.Type, below)...)
			}
		}
		return all
	}
	return nil
}

// setString sets one string, and makes what is on the way to it.
func setString(in reflect.Value, path []string, text string) {
	switch in.Kind() {
	case reflect.Pointer:
		in.Set(reflect.New(in.Type().Elem()))
		setString(in.Elem(), path, text)
	case reflect.Slice:
		in.Set(reflect.MakeSlice(in.Type(), 1, 1))
		setString(in.Index(0), path, text)
	case reflect.String:
		in.SetString(text)
	case reflect.Struct:
		for member, value := range in.Fields() {
			switch name, _, _ := strings.Cut(member.Tag.Get("json"), ","); {
			case name == "" && hasMember(member.Type, path[0]):
				setString(value, path, text)
			case name == path[0]:
				setString(value, path[1:], text)
			}
		}
	}
}

func hasMember(of reflect.Type, name string) bool {
	return of.Kind() == reflect.Struct && slices.ContainsFunc(stringsIn(of, nil), func(path []string) bool { return path[0] == name })
}
