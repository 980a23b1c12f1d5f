package monitoring

import (
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
	board := dashboard.Dashboard{}
	if err := board.UnmarshalJSONStrict([]byte(text)); err != nil && err.Error() != "" { // it may be an empty list of errors
		t.Fatal(err)
	}
	if err := board.Validate(); err != nil {
		t.Error(err)
	}
	taken, ids := map[[2]uint32]string{}, map[uint32]bool{}
	add := func(title string, id *uint32, at *dashboard.GridPos) {
		if id == nil || ids[*id] || at == nil || at.X+at.W > 24 {
			t.Errorf("%s has no id or place of its own", title)
			return
		}
		ids[*id] = true
		for x := range at.W {
			for y := range at.H {
				place := [2]uint32{at.X + x, at.Y + y}
				if other, is := taken[place]; is {
					t.Fatalf("%s is on top of %s", title, other)
				}
				taken[place] = title
			}
		}
	}
	for _, panel := range board.Panels {
		if panel.Panel != nil {
			add(*panel.Panel.Title, panel.Panel.Id, panel.Panel.GridPos)
		} else {
			add(*panel.RowPanel.Title, &panel.RowPanel.Id, panel.RowPanel.GridPos)
		}
	}
	if queries, err := Queries(text); err != nil || len(queries) < len(board.Panels) {
		t.Errorf("%d queries in %d panels, %v", len(queries), len(board.Panels), err)
	}
}
