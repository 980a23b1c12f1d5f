package submit

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/suggest"
)

// A credential is kept out of everything but the job's Secret.
type credential struct{ username, password string }

var gitSyncKeys = []string{"source", "branch", "rev", "target", "username", "password", "secret"}

// gitSync reads --git-sync. What it says of a value never repeats a password.
func (r *reader) gitSync(text string, into *Request) {
	options, err := annotations.SplitOptions(text)
	if err != nil {
		r.mistake("--git-sync", err.Error())
		return
	}
	values := map[string]string{}
	for _, option := range options {
		if problem := knownOnce(option.Name, values); problem != "" {
			r.mistake("--git-sync", problem)
			return
		}
		values[option.Name] = option.Value
	}
	sync := &annotations.GitSync{Source: values["source"], Branch: values["branch"], Rev: values["rev"], Target: values["target"]}
	if err := sync.Validate(); err != nil {
		r.mistake("--git-sync", err.Error())
		return
	}
	into.Intent.GitSync, into.Intent.GitSyncSecret = sync, r.secretName(values)
	into.credential = r.credential(values, *sync)
}

func knownOnce(name string, values map[string]string) string {
	for _, known := range gitSyncKeys {
		if _, again := values[name]; known == name && again {
			return "has " + name + "= twice: write it once"
		} else if known == name {
			return ""
		}
	}
	if nearest := suggest.Nearest(name, gitSyncKeys); nearest != "" {
		return "has " + name + "=: did you mean " + nearest + "=?"
	}
	return "has " + name + "=, which is not one of " + strings.Join(gitSyncKeys, ", ")
}

func (r *reader) secretName(values map[string]string) string {
	name, given := values["secret"]
	_, hasUser := values["username"]
	_, hasPassword := values["password"]
	switch {
	case given && (hasUser || hasPassword):
		r.mistake("--git-sync", "has secret= beside username= or password=: write one of the two")
	case given && len(validation.IsDNS1123Subdomain(name)) > 0:
		r.mistake("--git-sync", "has secret="+name+", which is no name of a Secret: write lower case letters, digits and '-'")
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
		r.mistake("--git-sync", "has a username or password for ssh, which takes a key: "+
			"put ssh-privatekey and known_hosts into a Secret and write secret=NAME")
		return nil
	case username == "" || text == "":
		r.mistake("--git-sync", "needs both username= and password=: write password=@FILE or password=- to keep it out of the process list")
		return nil
	}
	password, err := readPassword(text, r.stdin)
	if err != nil {
		r.mistake("--git-sync", "cannot read the password: "+err.Error())
		return nil
	}
	if password == text {
		r.warnings = append(r.warnings, "the password of --git-sync shows in the process list: write password=@FILE or password=-")
	}
	return &credential{username, password}
}

// readPassword takes a literal, @FILE, or - for the standard input; a line end behind it is no part of it.
func readPassword(text string, stdin io.Reader) (string, error) {
	var data []byte
	var err error
	switch path, isFile := strings.CutPrefix(text, "@"); {
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
		return "", fmt.Errorf("%s is empty", text)
	}
	return password, nil
}

// secretOf is the name of the Secret that a job owns.
func secretOf(job string) string { return job + "-git-sync" }

// secret is the Secret with the credential. It belongs to the job and goes with it.
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
	}}, "metadata", "ownerReferences") // of values that it knows
	return secret
}
