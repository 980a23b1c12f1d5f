package completion

import (
	"context"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/runai-mpi/runai-mpi/cli/kube"
)

// deadline is how long a shell waits for names from the cluster.
const deadline = 300 * time.Millisecond

// plain matches what every shell reads as one word. Names in the cluster may be anything, and a shell would obey some
// characters.
var plain = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/@+=-]*$`)

// A source finds names in the cluster and the kubeconfig. It returns none, silently, if it cannot.
type source struct{ userAgent string }

// A question is what a user has typed of a command so far, with the client and the scope that it selects.
type question struct {
	context.Context
	client *kube.Client
	scope  kube.Scope
	job    string // the first argument
	pod    string // of --pod
}

// names completes what the tag complete names.
func (s source) names(what string) cobra.CompletionFunc {
	return func(command *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var found []string
		ask, isOfCluster := fromCluster[what]
		switch {
		case what == "contexts":
			found = kube.Contexts(s.options(command))
		case isOfCluster:
			ctx, cancel := context.WithTimeout(kube.Once(command.Context()), deadline)
			defer cancel()
			found = s.ask(ctx, command, args, ask)
		}
		slices.Sort(found)
		found = slices.DeleteFunc(slices.Compact(found), func(name string) bool {
			return !plain.MatchString(name) || !strings.HasPrefix(name, typed) || slices.Contains(args, name)
		})
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

func (s source) ask(ctx context.Context, command *cobra.Command, args []string, ask func(question) []string) []string {
	client, err := kube.Connect(s.options(command))
	if err != nil {
		return nil
	}
	q := question{Context: ctx, client: client, pod: flagOf(command, "pod")}
	q.scope = kube.ScopeOf(flagOf(command, "project"), flagOf(command, "namespace"), client.Namespace)
	if len(args) > 0 {
		q.job = args[0]
	}
	return ask(q)
}

// fromCluster has, for each value of the tag complete, what asks the cluster.
var fromCluster = map[string]func(question) []string{
	"jobs":       func(q question) []string { return orNone(q.client.FewJobs(q, q.scope.Namespace)) },
	"pods":       func(q question) []string { return orNone(q.client.FewPods(q, q.scope.Namespace, q.job)) },
	"containers": func(q question) []string { return orNone(q.client.Containers(q, q.scope.Namespace, q.job, q.pod)) },
	"projects":   func(q question) []string { return orNone(q.client.ProjectNames(q)) },
	"namespaces": func(q question) []string { return orNone(q.client.FewNamespaces(q)) },
	"node-types": func(q question) []string {
		project := q.scope.Project
		if project == "" {
			project = q.client.ProjectOfNamespace(q, q.scope.Namespace)
		}
		return orNone(q.client.NodeTypes(q, project))
	},
}

func orNone(names []string, err error) []string {
	if err != nil {
		return nil
	}
	return names
}

func (s source) options(command *cobra.Command) kube.ConnectOptions {
	silent := func(string) {}
	return kube.ConnectOptions{
		Kubeconfig: flagOf(command, "kubeconfig"), Context: flagOf(command, "context"), As: flagOf(command, "as"), Timeout: "0",
		UserAgent: s.userAgent, Log: slog.New(slog.DiscardHandler), Warn: silent, Note: silent, Unattended: true,
	}
}

func flagOf(command *cobra.Command, name string) string {
	if flag := command.Flags().Lookup(name); flag != nil {
		return flag.Value.String()
	}
	return ""
}
