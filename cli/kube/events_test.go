package kube

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// pageOfEvents answers with as many events as are asked for, and that there are more, up to a total.
func pageOfEvents(total int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		first, _ := strconv.Atoi(r.URL.Query().Get("continue"))
		next, items := "", []string{}
		for n := first; n < min(first+limit, total); n++ {
			items = append(items, fmt.Sprintf(`{"metadata":{"name":"e%d"}}`, n))
		}
		if first+limit < total {
			next = strconv.Itoa(first + limit)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"kind":"EventList","apiVersion":"v1","metadata":{"continue":%q},"items":[%s]}`, next, strings.Join(items, ","))
	}
}

// Events are read in pages, and not without end. What was read is returned.
func TestEvents(t *testing.T) {
	for _, test := range []struct {
		total, want int
		problem     string
	}{{0, 0, ""}, {3, 3, ""}, {1200, 1200, ""}, {mostEvents, mostEvents, ""}, {mostEvents + 1, mostEvents, "has more than 10000 events"}} {
		s := newServer(t, pageOfEvents(test.total))
		var notes []string
		found, err := connect(t, s.url, &notes).Events(t.Context(), "runai-a")
		if len(found) != test.want || (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
			t.Errorf("of %d: %d events, %v", test.total, len(found), err)
		}
		for n, event := range found {
			if event.Name != fmt.Sprintf("e%d", n) {
				t.Fatalf("of %d: event %d is %s", test.total, n, event.Name)
			}
		}
	}
}
