package monitoring

import (
	"encoding/json"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// Grafana's own types know every field of the dashboard, and nothing is on top of something else.
func TestDashboardIsValid(t *testing.T) {
	text, err := Dashboard(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	plugins.RegisterDefaultPlugins()
	//nolint:staticcheck // the classic form, which every Grafana reads
	board := dashboard.Dashboard{}
	if err := board.UnmarshalJSONStrict([]byte(text)); err != nil && err.Error() != "" { // it may be an empty list of errors
		t.Fatal(err)
	}
	var plain struct {
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
		}
	}
	if err := json.Unmarshal([]byte(text), &plain); err != nil {
		t.Fatal(err)
	}
	taken, ids := map[[2]int]string{}, map[int]bool{}
	for _, panel := range plain.Panels {
		at := panel.GridPos
		if ids[panel.ID] || at.X+at.W > 24 || at.W*at.H == 0 {
			t.Errorf("%s has no id or place of its own", panel.Title)
		}
		ids[panel.ID] = true
		for cell := range at.W * at.H {
			place := [2]int{at.X + cell%at.W, at.Y + cell/at.W}
			if other, is := taken[place]; is {
				t.Fatalf("%s is on top of %s", panel.Title, other)
			}
			taken[place] = panel.Title
		}
	}
	if queries, err := Queries(text); err != nil || len(queries) < len(plain.Panels) {
		t.Errorf("%d queries in %d panels, %v", len(queries), len(plain.Panels), err)
	}
}
