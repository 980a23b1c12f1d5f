package podlog

import (
	"bytes"
	"io"
	"sync"
)

// longest is how much of a line is kept until its end is there. A longer line is printed as several.
const longest = 4 << 20

// A Merger prints the logs of several pods, whole lines at a time.
type Merger struct {
	mutex sync.Mutex
	out   io.Writer
}

// NewMerger returns a merger that prints to out.
func NewMerger(out io.Writer) *Merger { return &Merger{out: out} }

// Prefixed returns a writer that begins each line with a prefix. Close prints a line without an end.
func (m *Merger) Prefixed(prefix string) io.WriteCloser { return &prefixed{merger: m, prefix: prefix} }

type prefixed struct {
	merger *Merger
	prefix string
	line   []byte // without its end
}

func (p *prefixed) Write(text []byte) (int, error) {
	var lines bytes.Buffer
	for rest := text; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 {
			p.line = append(p.line, rest...)
			break
		}
		p.add(&lines, rest[:end])
		rest = rest[end:]
	}
	if len(p.line) > longest {
		p.add(&lines, []byte("\n"))
	}
	return len(text), p.print(lines.Bytes())
}

func (p *prefixed) add(lines *bytes.Buffer, end []byte) {
	lines.WriteString(p.prefix)
	lines.Write(p.line)
	lines.Write(end)
	p.line = p.line[:0]
}

func (p *prefixed) print(lines []byte) error {
	if len(lines) == 0 {
		return nil
	}
	p.merger.mutex.Lock()
	defer p.merger.mutex.Unlock()
	_, err := p.merger.out.Write(lines)
	return err
}

func (p *prefixed) Close() error {
	if len(p.line) == 0 {
		return nil
	}
	_, err := p.Write([]byte("\n"))
	return err
}
