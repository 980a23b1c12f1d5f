package submit

import (
	"testing"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

func TestErrorsOfAnnotationsNameTheFlag(t *testing.T) {
	for _, row := range intents {
		path := annotations.Path(row.key).String()
		want := path
		if row.flag != "" {
			want = "--" + row.flag
		}
		if got := flagOf(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// An error of the cluster about a volume, a mount or a variable names the flag that set it.
func TestErrorsOfFieldsNameTheFlag(t *testing.T) {
	flags := Flags{
		Image: "x", ImagePullPolicy: "Always", Processes: "1", SlotsPerWorker: "1", PVCAccessMode: "ReadWriteMany",
		PVC: []string{"data:/data"}, Volume: []string{"/a:/b"}, Environment: []string{"A=1", "HOME=/root"},
	}
	request, _, mistakes := flags.Check(&invocation.Invocation{})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	const pod, hostPath = "spec.mpiReplicaSpecs[Worker].template.spec", "Forbidden: is not allowed in project team-a: use a PersistentVolumeClaim"
	for _, test := range []struct{ field, message, want string }{
		{pod + ".volumes[1].hostPath", hostPath, "--volume /a:/b is not allowed in project team-a: use --pvc"},
		{pod + ".containers[0].volumeMounts[0].mountPath", `Invalid value: "/data": would hide files that run.ai/git-sync adds: use another path`,
			"--pvc data:/data would hide files that --git-sync adds: use another path"},
		{pod + ".containers[0].env[1]", `Invalid value: "HOME=/root": conflicts with run.ai/run-as-user, which sets HOME=/home/a: remove this field or set it to HOME=/home/a`,
			"-e HOME=… conflicts with --run-as-user, which sets HOME=/home/a: remove this field or set it to HOME=/home/a"},
		{pod + ".volumes[2].hostPath", "Forbidden: is not allowed", pod + ".volumes[2].hostPath is not allowed"},
		{pod + ".initContainers[0].env[1]", "Forbidden: is not allowed", pod + ".initContainers[0].env[1] is not allowed"},
	} {
		if got := invocation.Problem(request.explainField(test.field, test.message)); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// A flag that has no effect without a webhook is printed as it was typed, except for a credential.
func TestNeedsWebhook(t *testing.T) {
	for _, test := range []struct{ key, value, want string }{
		{annotations.ProjectKey, "team-a", ""},
		{annotations.InteractiveKey, "true", "--interactive"},
		{annotations.GPUKey, ".5", "--gpu .5"},
		{annotations.LargeShmKey, "true", "--large-shm"},
		{annotations.LargeShmKey, "8Gi", "--large-shm 8Gi"},
		{annotations.LargeShmKey, "false", ""},
		{annotations.CreateHomeDirKey, "false", ""},
		{annotations.GitSyncKey, "source=https://h/r,username=a,password=b", "--git-sync"},
	} {
		for _, row := range intents {
			if got := row.onlyByWebhook(test.value); row.key == test.key && got != test.want {
				t.Errorf("%s: %s: got %q, want %q", test.key, test.value, got, test.want)
			}
		}
	}
}
