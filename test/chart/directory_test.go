package chart

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/test/internal/chart"
)

const directoryValues = "testdata/directory.yaml"

// What the chart writes is a configuration that the command reads, with the files where they are mounted.
func TestDirectory(t *testing.T) {
	objects := render(t, "--values", directoryValues)
	text := find[corev1.ConfigMap](t, objects, "ConfigMap", "runai-mpi-directory").Data["directory.yaml"]
	sync, err := config.ParseDirectorySync([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if sync.Name != "corp" || sync.MaxUID != 2147483646 || sync.Groups.Membership != config.ByMemberOf || sync.PageSize != 500 {
		t.Errorf("it is %+v", sync)
	}
	job := find[batchv1.CronJob](t, objects, "CronJob", "runai-mpi-directory").Spec
	if job.ConcurrencyPolicy != batchv1.ForbidConcurrent || job.JobTemplate.Spec.ActiveDeadlineSeconds == nil {
		t.Errorf("two runs can be at the same time: %+v", job)
	}
	files := mountedFiles(job.JobTemplate.Spec.Template.Spec)
	for file, source := range map[string]string{
		sync.PasswordFile: "directory-reader bind-password", sync.CAFile: "corporate-ca root.pem",
		"/etc/runai-mpi/directory": "runai-mpi-directory",
	} {
		if files[file] != source {
			t.Errorf("%s is %q of %v", file, files[file], files)
		}
	}
}

// mountedFiles returns from which object and key each file or directory is.
func mountedFiles(pod corev1.PodSpec) map[string]string {
	files := map[string]string{}
	for _, mount := range pod.Containers[0].VolumeMounts {
		for _, volume := range pod.Volumes {
			switch {
			case volume.Name != mount.Name:
			case volume.Secret != nil:
				files[mount.MountPath+"/"+volume.Secret.Items[0].Path] = volume.Secret.SecretName + " " + volume.Secret.Items[0].Key
			case len(volume.ConfigMap.Items) > 0:
				files[mount.MountPath+"/"+volume.ConfigMap.Items[0].Path] = volume.ConfigMap.Name + " " + volume.ConfigMap.Items[0].Key
			default:
				files[mount.MountPath] = volume.ConfigMap.Name
			}
		}
	}
	return files
}

func TestWrongDirectories(t *testing.T) {
	for set, want := range map[string]string{
		"policy.identity.sources={Claims}":           "requires Directory in policy.identity.sources",
		"directorySync.config.accounts.subject=":     "requires directorySync.config: set servers",
		"directorySync.config.accounts=null":         "got null, want object",
		"directorySync.config.passwordFile=/a":       "which the chart sets: set directorySync.passwordSecret.name",
		"directorySync.config.caFile=/a":             "which the chart sets",
		"directorySync.config.bindDN=":               "belong together: set both",
		"directorySync.passwordSecret.name=":         "belong together: set both",
		"directorySync.config.password=secret":       "password",
		"directorySync.config.schema=LDAP":           "schema",
		"directorySync.config.groups.membership=all": "membership",
		"directorySync.staleAfter=soon":              "staleAfter",
		"directorySync.schedule=":                    "schedule",
	} {
		_, err := chart.Render(t.Context(), "--values", directoryValues, "--set", set)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", set, err)
		}
	}
	const anonymous = "directorySync.config.bindDN=,directorySync.passwordSecret.name="
	if _, err := chart.Render(t.Context(), "--values", directoryValues, "--set", anonymous); err != nil {
		t.Errorf("anonymous: %v", err)
	}
}

// The page has values of the chart, from which it makes the file of a directory, and such a file.
func TestDirectoryPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/directory.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)   ```yaml\n(.*?)   ```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 3 {
		t.Errorf("the page has %d blocks", len(blocks))
	}
	for _, block := range blocks {
		written := block[1]
		if !strings.Contains(written, "kind: "+config.DirectorySyncKind) {
			written = renderedDirectory(t, written)
		}
		if _, err := config.ParseDirectorySync([]byte(written)); err != nil {
			t.Errorf("%v\n%s", err, written)
		}
	}
}

// renderedDirectory returns the file of a directory that the chart makes from values.
func renderedDirectory(t *testing.T, values string) string {
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(values), 0o600); err != nil {
		t.Fatal(err)
	}
	return find[corev1.ConfigMap](t, render(t, "--values", file), "ConfigMap", "runai-mpi-directory").Data["directory.yaml"]
}
