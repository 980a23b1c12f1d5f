package charts

import (
	_ "embed" // for the template
	"strings"
	"text/template"
)

//go:embed runai-mpi/templates/_says_what_runs.tpl
var saysWhatRuns string

// SaysWhatRuns returns the match condition of the webhooks, with the label of the cluster policy that names a queue.
func SaysWhatRuns(queueLabel string) (string, error) {
	parsed, err := template.New("").Parse(saysWhatRuns)
	if err != nil {
		return "", err
	}
	values := map[string]any{"policy": map[string]any{"scheduling": map[string]any{"queueLabel": queueLabel}}}
	var text strings.Builder
	err = parsed.ExecuteTemplate(&text, "runai-mpi.says-what-runs", map[string]any{"Values": values})
	return strings.TrimSpace(text.String()), err
}
