package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// v4Flags are the flags of git-sync v4.7, from its manual, that a one-time sync can need.
var v4Flags = []string{
	"--add-user", "--askpass-url", "--cookie-file", "--credential", "--depth", "--error-file", "--exechook-command", "--filter", "--git",
	"--git-config", "--git-gc", "--group-write", "--http-bind", "--link", "--man", "--max-failures", "--one-time", "--password-file", "--period",
	"--ref", "--repo", "--root", "--sparse-checkout-file", "--ssh-key-file", "--ssh-known-hosts", "--ssh-known-hosts-file", "--stale-worktree-timeout",
	"--submodules", "--sync-on-signal", "--sync-timeout", "--touch-file", "--username", "--verbose", "--version", "--webhook-url",
}

// Each flag is one of v4's, is written once and joined to its value, and what a user writes is only a value.
func TestGitSyncFlagsAreThoseOfV4(t *testing.T) {
	for _, source := range []string{"https://git.example.com/code", "git@git.example.com:code.git", "--upload-pack=touch@h:p"} {
		for _, secret := range []string{"", "git"} {
			in := Input{Cluster: config.Default(), Intent: annotations.Intent{GitSync: &annotations.GitSync{Source: source, Rev: "--v1"}, GitSyncSecret: secret}}
			seen := map[string]bool{}
			for _, flag := range gitSyncFlags(in) {
				name, value, hasValue := strings.Cut(flag, "=")
				if !slices.Contains(v4Flags, name) || seen[name] || hasValue == (name == "--one-time" || name == "--add-user") || hasValue && value == "" {
					t.Errorf("%s is no flag of git-sync v4, or stands twice", flag)
				}
				seen[name] = true
			}
			for _, needed := range []string{"--repo", "--ref", "--root", "--link", "--one-time", "--sync-timeout"} {
				if !seen[needed] {
					t.Errorf("%s is missing", needed)
				}
			}
		}
	}
}
