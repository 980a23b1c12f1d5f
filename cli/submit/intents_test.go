package submit

import (
	"testing"

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
