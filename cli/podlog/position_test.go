package podlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// A record is what a container runtime stores: a line, or a part of one without its line end.
type record struct {
	after time.Duration // the time, from the beginning
	text  string
}

var beginning = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// logOf returns what a kubelet sends: it compares the time of each record, and prints the time of each line.
func logOf(records []record, since *time.Time) string {
	var text strings.Builder
	isNewLine := true
	for _, r := range records {
		stamp := beginning.Add(r.after)
		if since == nil || !stamp.Before(*since) {
			if isNewLine {
				text.WriteString(stamp.Format("2006-01-02T15:04:05.000000000Z07:00") + " ")
			}
			text.WriteString(r.text)
		}
		isNewLine = strings.HasSuffix(r.text, "\n")
	}
	return text.String()
}

func contentOf(records []record) string {
	var text strings.Builder
	for _, r := range records {
		text.WriteString(r.text)
	}
	return text.String()
}

var errCut = errors.New("the connection was cut")

// readCut reads a log that is cut after some bytes.
func readCut(p *Position, log string, after int) error {
	return p.Copy(io.MultiReader(strings.NewReader(log[:min(after, len(log))]), iotest.ErrReader(errCut)))
}

// partial returns the records of a long line, spread over some time.
func partial(at, over time.Duration, size int) []record {
	const pieces = 64
	var all []record
	for i := range pieces {
		all = append(all, record{at + over*time.Duration(i)/pieces, strings.Repeat(string(rune('a'+i%26)), size/pieces)})
	}
	return append(all, record{at + over, "\n"})
}

const ms = time.Millisecond

var logs = map[string][]record{
	"empty": nil,
	"lines": {{0, "one\n"}, {900 * ms, "two\n"}, {1100 * ms, "\n"}, {1500 * ms, "2026-01-31T12:00:00Z four\n"}, {4000 * ms, "five\r\n"}},
	"the same time": {
		{0, "one\n"}, {900 * ms, "two\n"}, {900 * ms, "two\n"}, {900 * ms, "three\n"}, {900 * ms, "two\n"}, {950 * ms, "four\n"},
	},
	"out of order": {
		{0, "one\n"}, {2001 * ms, "two\n"}, {1999 * ms, "three\n"}, {2000 * ms, "four\n"}, {2003 * ms, "five\n"}, {2002 * ms, "six\n"},
	},
	"no line end":         {{0, "one\n"}, {1500 * ms, "two"}},
	"nothing but a piece": {{0, "one"}},
	"a slow line":         {{0, "one\n"}, {900 * ms, "t"}, {2900 * ms, "w"}, {4900 * ms, "o\n"}, {4950 * ms, "three\n"}},
	"two slow lines":      {{900 * ms, "o"}, {4900 * ms, "ne\n"}, {4950 * ms, "tw"}, {9000 * ms, "o\n"}},
}

// A log that is cut anywhere, and cut again, is printed as if it had not been cut.
func TestEachLineOnce(t *testing.T) {
	for name, records := range logs {
		whole := logOf(records, nil)
		for first := range len(whole) + 1 {
			for second := first % 5; second <= len(whole); second += 5 {
				var out bytes.Buffer
				p := NewPosition(&out, false)
				if err := readCut(p, whole, first); !errors.Is(err, errCut) {
					t.Fatal(err)
				}
				_ = readCut(p, logOf(records, p.Since()), second)
				if err := p.Copy(strings.NewReader(logOf(records, p.Since()))); err != nil {
					t.Fatal(err)
				}
				if got, want := out.String(), contentOf(records); got != want {
					t.Fatalf("%s, cut after %d and %d bytes: got %q, want %q", name, first, second, got, want)
				}
			}
		}
	}
}

func TestTimestamps(t *testing.T) {
	for name, records := range logs {
		whole := logOf(records, nil)
		for cut := range len(whole) + 1 {
			var out bytes.Buffer
			p := NewPosition(&out, true)
			_ = readCut(p, whole, cut)
			_ = p.Copy(strings.NewReader(logOf(records, p.Since())))
			if got := out.String(); got != whole {
				t.Fatalf("%s, cut after %d bytes: got %q, want %q", name, cut, got, whole)
			}
		}
	}
}

// A line of a megabyte may be cut anywhere, and takes no megabyte of memory.
func TestLongLine(t *testing.T) {
	records := append([]record{{0, "before\n"}}, partial(500*ms, 3*time.Second, 1<<20)...)
	records = append(records, record{3500 * ms, "after\n"})
	whole, want := logOf(records, nil), contentOf(records)
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		var out bytes.Buffer
		p := NewPosition(&out, false)
		cuts := ""
		log := whole
		for range 3 {
			cut := random.IntN(len(whole))
			cuts += fmt.Sprint(" ", cut)
			_ = readCut(p, log, cut)
			log = logOf(records, p.Since())
		}
		_ = p.Copy(strings.NewReader(log))
		if got := out.String(); got != want {
			t.Fatalf("cut after%s bytes: %d bytes, want %d", cuts, len(got), len(want))
		}
	}
}

// Lines from before the last ones that the user asked for stay away when the log is read again.
func TestTailStays(t *testing.T) {
	records := logs["lines"]
	var out bytes.Buffer
	p := NewPosition(&out, false)
	_ = readCut(p, logOf(records[2:], nil), 45)
	_ = p.Copy(strings.NewReader(logOf(records, p.Since())))
	if got, want := out.String(), contentOf(records[2:]); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What is shown does not wait for the end of a line or of the log.
func TestPiecesAreShown(t *testing.T) {
	var out bytes.Buffer
	reader, writer := io.Pipe()
	shown := make(chan string)
	go func() {
		for _, text := range []string{"2026-01-31T12:00:00.5Z pro", "gress\r", "done\n"} {
			_, _ = io.WriteString(writer, text)
			_, _ = writer.Write(nil) // returns after the reader has come back for more
			shown <- out.String()
		}
		_ = writer.Close()
	}()
	p := NewPosition(&out, false)
	ended := make(chan error)
	go func() { ended <- p.Copy(reader) }()
	for _, want := range []string{"pro", "progress\r", "progress\rdone\n"} {
		if got := <-shown; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What a kubelet says in place of a log is printed.
func TestWithoutTimes(t *testing.T) {
	var out bytes.Buffer
	const text = "unable to retrieve container logs for containerd://1\n"
	if err := NewPosition(&out, true).Copy(strings.NewReader(text)); err != nil || out.String() != text {
		t.Errorf("%v, got %q", err, out.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriteError(t *testing.T) {
	err := NewPosition(full{}, false).Copy(strings.NewReader(logOf(logs["lines"], nil)))
	if failed := (WriteError{}); !errors.As(err, &failed) {
		t.Error(err)
	}
}

// The memory of what was printed is bounded by the lines of the last seconds.
func TestMemory(t *testing.T) {
	var records []record
	for i := range 100_000 {
		records = append(records, record{time.Duration(i) * ms, "line\n"})
	}
	p := NewPosition(io.Discard, false)
	_ = p.Copy(strings.NewReader(logOf(records, nil)))
	if len(p.ended) > 4000 {
		t.Errorf("%d lines are remembered", len(p.ended))
	}
}
