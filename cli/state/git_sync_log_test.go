package state

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// gitSyncLog returns the end of git-sync's log after a clone that failed, with what git printed on stderr.
func gitSyncLog(stderr string) string {
	failure := fmt.Sprintf("Run(git fetch https://git.example.com/code.git HEAD --verbose --depth 1): exit status 128: { stdout: %q, stderr: %q }", "", stderr)
	text, _ := json.Marshal(failure)
	return "INFO: detected pid 1, running init handler\n" +
		`{"logger":"","ts":"2026-11-26 00:42:48.515632","caller":{"file":"main.go","line":600},"level":0,"msg":"starting up","pid":12}` + "\n" +
		`{"logger":"","ts":"2026-11-26 00:42:48.515632","caller":{"file":"main.go","line":732},"msg":"too many failures, aborting","error":` +
		string(text) + `,"failCount":1}` + "\n"
}

func TestLastWords(t *testing.T) {
	const slow = "fatal: unable to access 'http://h/code.git/': Operation too slow. Less than 1 bytes/sec transferred the last 15 seconds"
	long := gitSyncLog("remote: " + strings.Repeat("x \"quoted\" \\ ü\n", 300) + "fatal: the remote end hung up unexpectedly\n")
	for _, test := range []struct{ name, log, want string }{
		{"plain text", "first\nthese workers were not ready: a b.\n", "these workers were not ready: a b"},
		{"nothing", " \n", ""},
		{"a branch", gitSyncLog("fatal: couldn't find remote ref absent"), "couldn't find remote ref absent"},
		{"a password", gitSyncLog("remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'http://h/code.git/'\n"),
			"Authentication failed for 'http://h/code.git/'"},
		{"an ssh key", gitSyncLog("Warning: Permanently added 'h' to the list of known hosts.\r\ngit@h: Permission denied (publickey).\r\n" +
			"fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n"),
			"git@h: Permission denied (publickey)"},
		{"a server with ssh", gitSyncLog("ERROR: Repository not found.\nfatal: Could not read from remote repository.\n"), "Repository not found"},
		{"no words before git's", gitSyncLog("fatal: Could not read from remote repository.\n"), "Could not read from remote repository"},
		{"a lost connection", gitSyncLog("POST git-upload-pack (175 bytes)\nerror: RPC failed; curl 28 Operation too slow\nfatal: early EOF\n"),
			"RPC failed; curl 28 Operation too slow"},
		{"a submodule", gitSyncLog("Submodule 'lib' (http://h/lib) registered for path 'lib'\nCloning into '/run/git-sync/repo/lib'...\n" +
			"fatal: unable to access 'http://h/lib/': Empty reply from server\nfatal: clone of 'http://h/lib' into submodule path 'lib' failed\n"),
			"unable to access 'http://h/lib/': Empty reply from server"},
		{"git-sync's own limit", strings.Replace(gitSyncLog(""), "exit status 128", "context deadline exceeded", 1), "context deadline exceeded"},
		{"an error without git", `{"msg":"can't read password file","error":"open /run/x: no such file or directory","file":"/run/x"}`,
			"open /run/x: no such file or directory"},
		{"the time limit", "git did not finish within 30 s\n", "git did not finish within 30 s"},
		{"the time limit after an error", gitSyncLog(slow) + "git did not finish within 30 s\n",
			"git did not finish within 30 s; before that, git said: " + strings.TrimPrefix(slow, "fatal: ")},
		{"the last error of several", gitSyncLog("fatal: one") + gitSyncLog("fatal: two"), "two"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := lastWords(test.log); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	for cut := range len(long) - 200 { // the kubelet keeps 2 KiB, which can begin anywhere
		if got := lastWords(long[cut:]); strings.Contains(got, `"failCount"`) || strings.Contains(got, `\n`) || len([]rune(got)) > maxWords+1 {
			t.Fatalf("cut at %d: %s", cut, got)
		}
	}
	if got := lastWords(long[len(long)-2048:]); got != "the remote end hung up unexpectedly" {
		t.Errorf("got %s", got)
	}
}

func FuzzLastWords(f *testing.F) {
	f.Add(gitSyncLog("fatal: a\n"))
	f.Add(`x\" }"}`)
	f.Fuzz(func(t *testing.T, log string) {
		if got := lastWords(log); len([]rune(got)) > maxWords+1 {
			t.Error(got)
		}
	})
}
