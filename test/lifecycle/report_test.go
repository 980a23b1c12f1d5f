package lifecycle

import (
	"bytes"
	_ "embed" // the page
	"fmt"
	"os"
	"text/template"
	"time"

	"github.com/runai-mpi/runai-mpi/test/docgen"
)

//go:embed page.tmpl
var text string

// writePage writes what users saw during each step.
func writePage(path string) error {
	var rows [][]string
	for _, s := range steps {
		rows = append(rows, []string{
			s.test, s.name, fmt.Sprintf("%.0f s", s.took.Seconds()),
			count(s.project[judged]), count(s.project[not]), count(s.project[stored]),
			count(s.elsewhere[stored]), count(s.elsewhere[not] + s.elsewhere[refused]),
		})
	}
	header := []string{"test", "step", "took", "judged", "refused", "not judged", "elsewhere stored", "elsewhere refused"}
	var content bytes.Buffer
	err := template.Must(template.New("page").Parse(text)).Execute(&content, map[string]any{
		"Date":   time.Now().UTC().Format(time.DateOnly),
		"Older":  older,
		"Rate":   int(time.Second / pause),
		"Copied": replacedList(),
		"Table":  docgen.Table(header, rows),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(path, content.Bytes(), 0o644)
}

func count(n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprint(n)
}
