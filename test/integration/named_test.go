package integration

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// createNamed creates the claim "mine", and the Secrets "token" and "git" that flags can name.
func createNamed(t *testing.T, namespace string) {
	t.Helper()
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "mine", Namespace: namespace}}
	claim.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}
	claim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	product.Create(t, claim,
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "token", Namespace: namespace}, StringData: map[string]string{"key": "x"}},
		&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "git", Namespace: namespace},
			StringData: map[string]string{"username": "x", "password": "x"},
		},
	)
}

// A job that names what does not exist is not created, and the error has a line for each flag. What exists but the user
// cannot read does not matter.
func TestNamedObjects(t *testing.T) {
	namespace := product.AddProject(t, "named", v1alpha1.ProjectSpec{})
	createNamed(t, namespace)
	researcher := addUser(t, "saml:nora@example.com")
	product.AddResearcher(t, namespace, "saml:nora@example.com")
	const git = " --git-sync source=https://git.example.com/code,secret="
	for _, test := range []struct{ args, want string }{
		{"--pvc mine:/data -e T=SECRET:token,key" + git + "git", ""},
		{"--pvc mime:/data",
			`runai: --pvc "mime:/data": claim "mime" not found in namespace runai-named` + "\n" + `Did you mean "mine"?` + "\n"},
		{"--pvc else:/data:ro", `runai: --pvc "else:/data:ro": claim "else" not found in namespace runai-named` + "\n"},
		{"--pvc slow:1Gi:/data", `runai: --pvc "slow:1Gi:/data": storage class "slow" not found` + "\n"},
		{"-e T=SECRET:tokens,key",
			`runai: --environment T: Secret "tokens" not found in namespace runai-named` + "\n" + `Did you mean "token"?` + "\n"},
		{"-e T=SECRET:token,kez", `runai: --environment T: Secret "token" has no key "kez"` + "\n" + `Did you mean "key"?` + "\n"},
		{git + "gone", `runai: --git-sync secret=gone: Secret "gone" not found in namespace runai-named` + "\n"},
		{" --git-sync source=git@git.example.com:code,secret=git",
			`runai: --git-sync secret=git: Secret "git" has no key "ssh-privatekey"` + "\n" +
				`runai: --git-sync secret=git: Secret "git" has no key "known_hosts"` + "\n"},
		{"--pvc else:/a -e T=SECRET:absent,key", `runai: --pvc "else:/a": claim "else" not found in namespace runai-named` + "\n" +
			`runai: --environment T: Secret "absent" not found in namespace runai-named` + "\n"},
	} {
		for _, flag := range []string{"--dry-run=server", "--name=dist1"} {
			words := append([]string{"submit-mpi", "-p", "named", "-i", "x", flag, "-o", "name"}, strings.Fields(test.args)...)
			_, stderr, code := product.Runai(t, words...)
			if stderr != test.want || (code == 0) != (test.want == "") {
				t.Errorf("%s: exit code %d\ngot  %swant %s", words, code, stderr, test.want)
			}
			if stored := len(product.Jobs(t, namespace)); (stored > 0) != (code == 0 && flag == "--name=dist1") {
				t.Errorf("%s: there are %d jobs", words, stored)
			}
		}
		_, _, _ = product.Runai(t, "delete", "job", "dist1", "-p", "named")
	}
	words := []string{"submit-mpi", "-p", "named", "-i", "x", "--dry-run=server", "-o", "name", "-e", "T=SECRET:absent,key"}
	if _, stderr, code := product.RunaiAs(t, researcher.Kubeconfig(), words...); stderr != "" || code != 0 {
		t.Errorf("who may not read Secrets: exit code %d: %s", code, stderr)
	}
}
