// Package podlog reads the log of a pod over broken connections: each line once.
package podlog

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"time"
)

// overlap is how much of the log is read again after a break. The lines of stdout and stderr are stored in almost the
// order of their times.
const overlap = time.Second

// A Position is how far a log has been read. The log is read with timestamps, by which lines that are read again after
// a break are recognised.
type Position struct {
	out        *bufio.Writer
	timestamps bool // are printed

	first, newest time.Time
	ended         map[int64]int // how many lines of each time have been printed
	forgotten     time.Time     // older ones
	open          *openLine
}

// An openLine is the last line, whose end has not been read.
type openLine struct {
	time    time.Time
	printed int // of its bytes
}

// A WriteError is the error of the output, not of the log.
type WriteError struct{ error }

func (e WriteError) Unwrap() error { return e.error }

// NewPosition returns the beginning of a log that is copied to out, with or without the timestamps.
func NewPosition(out io.Writer, timestamps bool) *Position {
	return &Position{out: bufio.NewWriterSize(out, pieceSize), timestamps: timestamps, ended: map[int64]int{}}
}

// pieceSize is how much of a line is read at once.
const pieceSize = 16 << 10

// Since returns the time from which the log must be read to go on, or nil if it must be read from the beginning. The
// API has whole seconds.
func (p *Position) Since() *time.Time {
	if p.newest.IsZero() {
		return nil
	}
	since := p.newest.Add(-overlap).Truncate(time.Second)
	if p.open != nil && p.open.time.Before(since) {
		since = p.open.time.Truncate(time.Second)
	}
	return &since
}

// Copy prints what is new in a log that is read from [Position.Since] on. It returns nil at the end of the log.
func (p *Position) Copy(log io.Reader) error {
	r := reading{Position: p, resumed: !p.newest.IsZero(), skip: maps.Clone(p.ended), log: bufio.NewReaderSize(log, pieceSize)}
	for {
		piece, err := r.next()
		if len(piece) > 0 {
			r.read(piece, err != nil)
		}
		if err != nil || r.log.Buffered() == 0 { // the next piece may be long in coming
			if err := p.out.Flush(); err != nil {
				return WriteError{err}
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// A reading is one part of a log, between two breaks.
type reading struct {
	*Position
	log      *bufio.Reader
	resumed  bool          // and no line of it has been found yet
	skip     map[int64]int // lines that were printed before
	inLine   bool          // the last piece did not end with the end of a line
	isHidden bool          // the line was printed before, or does not belong to what was asked for
	behind   int           // bytes of the line that were printed before
}

// next returns a line, or as much of a line as there is. At the beginning of a line it waits for the whole timestamp.
func (r *reading) next() ([]byte, error) {
	for least := 1; ; {
		_, err := r.log.Peek(least)
		there, _ := r.log.Peek(r.log.Buffered())
		end := bytes.IndexByte(there, '\n') + 1
		if end == 0 {
			end = len(there)
		}
		if err == nil && end == len(there) && there[end-1] != '\n' && !r.inLine && mayBeTime(there) {
			least = end + 1
			continue
		}
		_, _ = r.log.Discard(end)
		return there[:end], err
	}
}

// mayBeTime reports whether the beginning of a line may be a part of a timestamp.
func mayBeTime(text []byte) bool {
	return len(text) < len(time.RFC3339Nano) && !bytes.ContainsRune(text, ' ')
}

// read handles a line, or a piece of a line. The last one may be cut off anywhere.
func (r *reading) read(piece []byte, isLast bool) {
	hasEnd := piece[len(piece)-1] == '\n'
	if !r.inLine {
		stamp, rest, found := cutTime(piece)
		if !found && isLast && !hasEnd && mayBeTime(piece) {
			return // the line is read again
		}
		isNew := r.begin(stamp, found)
		if r.timestamps && isNew {
			_, _ = r.out.Write(piece[:len(piece)-len(rest)]) // the error is that of Flush
		}
		piece = rest
	}
	r.inLine = !hasEnd
	if !r.isHidden {
		r.print(piece)
	}
	if hasEnd {
		r.end()
	}
}

// begin decides whether a line is printed. It reports whether nothing of it has been printed before.
func (r *reading) begin(stamp time.Time, found bool) (isNew bool) {
	r.behind = 0
	switch {
	case !found: // the rest of a line from before the time since when the log is read, or what the kubelet says
		r.isHidden = r.resumed
		return false
	case r.resumed && stamp.Before(r.first):
		r.isHidden = true
	case r.skip[stamp.UnixNano()] > 0:
		r.skip[stamp.UnixNano()]--
		r.isHidden = true
	case r.open != nil && r.open.time.Equal(stamp):
		r.isHidden, r.behind = false, r.open.printed
	default:
		r.isHidden, r.open, isNew = false, &openLine{time: stamp}, true
	}
	r.resumed = r.resumed && r.isHidden
	if r.first.IsZero() {
		r.first = stamp
	}
	if stamp.After(r.newest) {
		r.newest = stamp
	}
	return isNew
}

func (r *reading) print(piece []byte) {
	known := min(r.behind, len(piece))
	r.behind -= known
	_, _ = r.out.Write(piece[known:])
	if r.open != nil {
		r.open.printed += len(piece) - known
	}
}

// end remembers a line that was printed to its end, and forgets those that are not read again.
func (r *reading) end() {
	if r.isHidden || r.open == nil {
		return
	}
	r.ended[r.open.time.UnixNano()]++
	r.open = nil
	if since := *r.Since(); since.After(r.forgotten) {
		maps.DeleteFunc(r.ended, func(stamp int64, _ int) bool { return stamp < since.UnixNano() })
		r.forgotten = since
	}
}

// cutTime splits a line into its timestamp and the rest.
func cutTime(line []byte) (stamp time.Time, rest []byte, found bool) {
	word, rest, found := bytes.Cut(line, []byte(" "))
	if !found || len(word) > len(time.RFC3339Nano) {
		return stamp, line, false
	}
	stamp, err := time.Parse(time.RFC3339Nano, string(word))
	if err != nil {
		return stamp, line, false
	}
	return stamp, rest, true
}
