package main

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/runai-mpi/runai-mpi/cli/completion"
)

// The names by which kubectl finds a plugin, and what completes its command line.
const (
	pluginName         = "kubectl-runai"
	completePluginName = "kubectl_complete-runai"
)

// programName returns what a user types to run the program.
func programName(path string) string {
	if baseName(path) == pluginName {
		return "kubectl runai"
	}
	return completion.Program
}

// pluginArgs returns the arguments of the program. kubectl asks a program of another name to complete a command line.
func pluginArgs(args []string) []string {
	if baseName(args[0]) == completePluginName {
		return append([]string{cobra.ShellCompRequestCmd}, args[1:]...)
	}
	return args[1:]
}

func baseName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".exe") }
