// Package progress shows what a command waits for: on one line of the terminal, which is rewritten in place.
package progress

import (
	"fmt"
	"io"
	"regexp"
	"sync"
	"time"

	"github.com/runai-mpi/runai-mpi/shared/terminal"
)

// interval is the time between two updates of the line. A text that changes before then is not shown.
const interval = time.Second

// A Line says what the command waits for. On a terminal it is one line with the time that it has waited; elsewhere it
// prints a line when the text changes in substance. The methods of a nil Line do nothing.
type Line struct {
	out   io.Writer  // as it is: the line has its own control characters
	width func() int // of the terminal, or nil if it is not one

	mutex   sync.Mutex
	text    string
	start   time.Time     // of the wait
	stop    chan struct{} // ends the updates, or is nil if there is none
	drawn   bool          // the terminal shows the line
	cut     bool          // other text on the terminal does not end with a line end
	printed string        // in substance, elsewhere
}

// New returns a line. The width is that of the terminal; it is nil if the output is not a terminal.
func New(out io.Writer, width func() int) *Line { return &Line{out: out, width: width} }

// Show sets what the command waits for. The text is without the time. It is shown after a second.
func (l *Line) Show(text string) {
	if l == nil {
		return
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.text = terminal.Line(text)
	if l.stop == nil {
		l.start, l.stop = time.Now(), make(chan struct{})
		go l.update(l.stop)
	}
}

// Clear ends the wait and removes the line.
func (l *Line) Clear() {
	if l == nil {
		return
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.erase()
	l.printed = ""
	if l.stop != nil {
		close(l.stop)
		l.stop = nil
	}
}

// Above returns a writer to the same terminal, which removes the line before it writes.
func (l *Line) Above(out io.Writer) io.Writer { return above{l, out} }

type above struct {
	line *Line
	out  io.Writer
}

func (a above) Write(text []byte) (int, error) {
	a.line.mutex.Lock()
	defer a.line.mutex.Unlock()
	a.line.erase()
	if len(text) > 0 {
		a.line.cut = text[len(text)-1] != '\n'
	}
	return a.out.Write(text)
}

func (l *Line) update(stop <-chan struct{}) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			l.draw(stop)
		}
	}
}

// draw shows the line, unless the wait has ended.
func (l *Line) draw(stop <-chan struct{}) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.stop != stop {
		return
	}
	if l.width == nil {
		if substance := counters.ReplaceAllString(l.text, ""); substance != l.printed {
			fmt.Fprintln(l.out, l.text)
			l.printed = substance
		}
		return
	}
	start := "\r\x1b[K"
	if l.cut {
		start = "\n"
	}
	fmt.Fprint(l.out, start, fit(l.text, fmt.Sprintf(" (%s)", time.Since(l.start).Truncate(time.Second)), l.width()))
	l.drawn, l.cut = true, false
}

// counters are what changes in a text while its substance does not.
var counters = regexp.MustCompile(`[0-9]+`)

// fit shortens a text so that it and what follows fit into one line of the terminal.
func fit(text, end string, width int) string {
	chars, room := []rune(text), width-1-len(end)
	if len(chars) > room {
		chars = append(chars[:max(room-1, 0)], '…')
	}
	return string(chars) + end
}

func (l *Line) erase() {
	if l.drawn {
		fmt.Fprint(l.out, "\r\x1b[K")
		l.drawn = false
	}
}
