package suggest

import "testing"

func TestNearest(t *testing.T) {
	candidates := []string{"processes", "project", "pvc", "gpu", "gpu-memory", "large-shm"}
	cases := map[string]string{
		"num-processes": "processes",
		"processes2":    "processes",
		"gpumemory":     "gpu-memory",
		"largeshm":      "large-shm",
		"prject":        "project",
		"zzzzzz":        "",
	}
	for word, want := range cases {
		if got := Nearest(word, candidates); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
