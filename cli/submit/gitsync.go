package submit

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// A credential is written only to the job's Secret.
type credential struct{ username, password string }

var gitSyncKeys = []string{"source", "branch", "rev", "target", "username", "password", "secret"}

// gitSync reads --git-sync. No message quotes a part that may be a password.
func (r *reader) gitSync(text string, into *Request) {
	if !strings.ContainsAny(text, "=@") {
		r.malformed("--git-sync", text, "expected KEY=VALUE pairs, for example source=https://git.example.com/team/code")
		return
	}
	options, err := annotations.SplitOptions(text)
	if err != nil {
		r.badGitSync(err.Error())
		return
	}
	values := map[string]string{}
	for _, option := range options {
		if problem := knownOnce(option.Name, values); problem != "" {
			r.badGitSync(problem)
			return
		}
		values[option.Name] = option.Value
	}
	sync := &annotations.GitSync{Source: values["source"], Branch: values["branch"], Rev: values["rev"], Target: values["target"]}
	if err := sync.Validate(); err != nil {
		r.badGitSync(strings.ReplaceAll(err.Error(), annotations.GitSyncSecretKey, "secret="))
		return
	}
	into.Intent.GitSync, into.Intent.GitSyncSecret = sync, r.secretName(values)
	into.credential = r.credential(values, *sync)
}

// badGitSync reports a value of --git-sync without quoting it.
func (r *reader) badGitSync(problem string) { r.mistake("--git-sync", "invalid --git-sync: "+problem) }

// knownOnce returns what is wrong with a key: it is unknown, or already has a value.
func knownOnce(name string, values map[string]string) string {
	for _, known := range gitSyncKeys {
		if _, again := values[name]; known == name && again {
			return name + "= is set twice"
		} else if known == name {
			return ""
		}
	}
	if nearest := suggest.Nearest(name, gitSyncKeys); nearest != "" {
		return fmt.Sprintf("unknown key %q\nDid you mean %q?", name, nearest)
	}
	last := len(gitSyncKeys) - 1
	return fmt.Sprintf("unknown key %q: must be %s or %s", name, strings.Join(gitSyncKeys[:last], ", "), gitSyncKeys[last])
}

func (r *reader) secretName(values map[string]string) string {
	name, given := values["secret"]
	_, hasUser := values["username"]
	_, hasPassword := values["password"]
	switch {
	case given && (hasUser || hasPassword):
		r.badGitSync("secret= cannot be used together with username= and password=")
	case given && len(validation.IsDNS1123Subdomain(name)) > 0:
		r.badGitSync(fmt.Sprintf("secret=%s must be the name of a Secret: lower case letters, digits, '-' and '.'", name))
	}
	return name
}

func (r *reader) credential(values map[string]string, sync annotations.GitSync) *credential {
	username, hasUser := values["username"]
	text, hasPassword := values["password"]
	switch {
	case !hasUser && !hasPassword:
		return nil
	case sync.UsesSSH():
		r.badGitSync("username= and password= cannot be used with ssh: " +
			"put ssh-privatekey and known_hosts in a Secret and set secret=NAME")
		return nil
	case username == "" || text == "":
		r.badGitSync("username= and password= must be set together; " +
			"use password=@FILE or password=- to keep the password out of the process list")
		return nil
	}
	password, err := readPassword(text, r.stdin)
	if err != nil {
		r.mistake("--git-sync", "cannot read the password of --git-sync: "+err.Error())
		return nil
	}
	if password == text {
		r.warnings = append(r.warnings, "the password of --git-sync is visible in the process list: use password=@FILE or password=-")
	}
	return &credential{username, password}
}

// readPassword returns the password itself, the contents of @FILE, or with - the standard input. It
// removes the line end.
func readPassword(text string, stdin io.Reader) (string, error) {
	var data []byte
	var err error
	path, isFile := strings.CutPrefix(text, "@")
	switch {
	case text == "-":
		data, err = io.ReadAll(stdin)
	case isFile:
		data, err = os.ReadFile(path)
	default:
		return text, nil
	}
	if err != nil {
		return "", err
	}
	password := string(bytes.TrimRight(data, "\r\n"))
	if password == "" {
		if isFile {
			return "", fmt.Errorf("%s is empty", path)
		}
		return "", errors.New("the standard input is empty")
	}
	return password, nil
}

// secretOf returns the name of the Secret that the job owns.
func secretOf(job string) string { return job + annotations.GitSyncSecretSuffix }

// secret returns the Secret with the credential. The job owns it, so it is deleted with the job.
func (c credential) secret(job *unstructured.Unstructured) *unstructured.Unstructured {
	encode := base64.StdEncoding.EncodeToString
	secret := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
		"data": map[string]any{"username": encode([]byte(c.username)), "password": encode([]byte(c.password))},
	}}
	secret.SetName(secretOf(job.GetName()))
	secret.SetNamespace(job.GetNamespace())
	_ = unstructured.SetNestedSlice(secret.Object, []any{map[string]any{
		"apiVersion": job.GetAPIVersion(), "kind": job.GetKind(), "name": job.GetName(), "uid": string(job.GetUID()),
	}}, "metadata", "ownerReferences") // never fails on these types
	return secret
}
