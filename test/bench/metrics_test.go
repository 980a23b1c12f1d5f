package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/client-go/kubernetes"
)

// A sample is one line of the metrics of the API server.
type sample struct {
	text  string
	value int
}

func (s sample) has(label, value string) bool {
	return strings.Contains(s.text, fmt.Sprintf("%s=%q", label, value))
}

// label returns the value of a label, or "".
func (s sample) label(name string) string {
	_, value, _ := strings.Cut(s.text, name+`="`)
	value, _, _ = strings.Cut(value, `"`)
	return value
}

// metricsOf returns the samples of the API server that begin with one of the texts.
func metricsOf(t *testing.T, prefixes ...string) (samples []sample) {
	t.Helper()
	set, err := kubernetes.NewForConfig(product.Config)
	if err != nil {
		t.Fatal(err)
	}
	text, err := set.CoreV1().RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		line := lines.Text()
		if !slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(line, prefix) }) {
			continue
		}
		number, err := strconv.ParseFloat(line[strings.LastIndex(line, " ")+1:], 64)
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, sample{line, int(number)})
	}
	return samples
}
