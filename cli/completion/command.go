// Package completion completes command lines in bash, zsh and fish. Cobra's scripts and engine do it, as in kubectl and
// gh, for a copy of the grammar; names come from the cluster.
package completion

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
)

// Program is the name of the program that the scripts complete.
const Program = "runai"

// Command is runai completion.
type Command struct {
	Shell string `arg:"" name:"SHELL" enum:"bash,zsh,fish" help:"Shell that loads the script: bash, zsh or fish."`
}

// Help shows how to load a script.
func (*Command) Help() string {
	return `Examples:

    source <(runai completion bash)   # in ~/.bashrc
    source <(runai completion zsh)    # in ~/.zshrc, below compinit
    runai completion fish > ~/.config/fish/completions/runai.fish`
}

// Run prints a script. Nothing in it is escaped, because a shell reads it.
func (c *Command) Run(run *invocation.Invocation) error {
	script, err := scriptFor(c.Shell)
	if err == nil {
		_, err = fmt.Fprint(run.JobOutput, script)
	}
	return err
}

func scriptFor(shell string) (string, error) {
	var script bytes.Buffer
	root, err := &cobra.Command{Use: Program}, error(nil)
	switch shell {
	case "bash":
		err = root.GenBashCompletionV2(&script, true)
		script.WriteString(bashWords)
	case "zsh":
		err = root.GenZshCompletion(&script)
	case "fish":
		err = root.GenFishCompletion(&script, true)
	}
	return strings.TrimRight(script.String(), "\n") + "\n", err
}

// bashWords replaces the one function of the script that needs the package bash-completion, where it is not installed:
// it joins the words that bash splits at = and :, up to the cursor.
const bashWords = `
if ! declare -F _init_completion >/dev/null && ! declare -F _get_comp_words_by_ref >/dev/null; then
    __runai_init_completion() {
        local rest=${COMP_LINE:0:COMP_POINT} word space
        COMPREPLY=() words=()
        for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
            space=${rest%%[![:space:]]*}
            rest=${rest#"$space"}
            [[ $word == "$rest"* ]] && word=$rest
            rest=${rest#"$word"}
            if [[ -n $space || ${#words[@]} -eq 0 ]]; then
                words+=("$word")
            else
                words[${#words[@]}-1]+=$word
            fi
        done
        cword=$((${#words[@]} - 1))
        cur=${words[cword]}
        prev=${words[cword > 0 ? cword - 1 : 0]}
    }
fi
`
