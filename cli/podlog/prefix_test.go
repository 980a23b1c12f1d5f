package podlog

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestPrefix(t *testing.T) {
	for _, pieces := range [][]string{
		{"one\ntwo\n\nthree"},
		{"one", "\n", "tw", "o\n\n", "", "thr", "ee"},
	} {
		var out bytes.Buffer
		writer := NewMerger(&out).Prefixed("[a] ")
		for _, piece := range pieces {
			if n, err := io.WriteString(writer, piece); n != len(piece) || err != nil {
				t.Errorf("%d, %v", n, err)
			}
		}
		if err := writer.Close(); err != nil || out.String() != "[a] one\n[a] two\n[a] \n[a] three\n" {
			t.Errorf("%q: %v, got %q", pieces, err, out.String())
		}
	}
}

// Lines of several pods are never mixed.
func TestMerger(t *testing.T) {
	var out bytes.Buffer
	var writing sync.WaitGroup
	merger, want := NewMerger(&out), []string{}
	for pod := range 10 {
		text := strings.Repeat(fmt.Sprint(pod), 1000)
		writer := merger.Prefixed("[" + text[:1] + "] ")
		for range 100 {
			want = append(want, "["+text[:1]+"] "+text)
		}
		writing.Go(func() {
			for i := range 100 * 1001 {
				_, _ = io.WriteString(writer, (text + "\n")[i%1001:i%1001+1])
			}
		})
	}
	writing.Wait()
	got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Error("lines are mixed")
	}
}

// A log without line ends does not fill the memory.
func TestEndlessLine(t *testing.T) {
	var out bytes.Buffer
	writer := NewMerger(&out).Prefixed("")
	for range 10 {
		_, _ = writer.Write(make([]byte, 1<<20))
	}
	if lines := strings.Count(out.String(), "\n"); lines != 2 {
		t.Errorf("%d lines", lines)
	}
}
