package jobs

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"
)

const (
	comparedText = 16 * 1024              // of the end of the log and the beginning of the session
	jointPause   = 250 * time.Millisecond // in which a line that the session has shown arrives in the log, too
)

// A joint prints the log of a container, and then what a session in its terminal shows. A line that is in both is
// printed once, if that can be known.
type joint struct {
	out io.Writer

	mutex  sync.Mutex
	log    []byte // its end
	held   []byte // the beginning of the session, until the log ends
	begun  chan struct{}
	joined bool
	shown  []byte // what the log has shown and the session has not yet
}

func newJoint(out io.Writer) *joint { return &joint{out: out, begun: make(chan struct{})} }

// copyLog prints the log until the session takes over: shortly after it has shown something.
func (j *joint) copyLog(ctx context.Context, log io.ReadCloser) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-ctx.Done(): // the log has ended
			return
		case <-j.begun:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(jointPause):
		}
		j.join()
		log.Close()
	}()
	_, _ = io.Copy(logSide{j}, log) // the session shows what follows
}

type logSide struct{ *joint }

func (l logSide) Write(text []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.joined {
		return 0, io.ErrClosedPipe
	}
	shown := asOnTerminal(text)
	l.log = append(l.log, shown...)
	l.log = l.log[max(0, len(l.log)-comparedText):]
	if _, err := l.out.Write(shown); err != nil {
		return 0, err
	}
	return len(text), nil
}

// asOnTerminal returns text of a log as the terminal of the container has shown it: the container runtime stores the
// ends of lines without the carriage return.
func asOnTerminal(text []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
}

// Write takes what the session shows.
func (j *joint) Write(text []byte) (int, error) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if !j.joined {
		if len(j.held) == 0 && len(text) > 0 {
			close(j.begun)
		}
		j.held = append(j.held, text...)
		return len(text), nil
	}
	if err := j.print(text); err != nil {
		return 0, err
	}
	return len(text), nil
}

// join ends the log, and prints what the session has shown since and the log has not.
func (j *joint) join() {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if j.joined {
		return
	}
	j.joined, j.shown = true, repeated(j.log, j.held[:min(len(j.held), comparedText)])
	_ = j.print(j.held) // the next one fails, too
	j.held = nil
}

// print prints text of the session without what the log has shown.
func (j *joint) print(text []byte) error {
	n := min(len(text), len(j.shown))
	if bytes.Equal(text[:n], j.shown[:n]) {
		text, j.shown = text[n:], j.shown[n:]
	} else {
		j.shown = nil
	}
	_, err := j.out.Write(text)
	return err
}

// repeated returns the end of a log that the beginning of a session shows again. The session may not have shown all of
// it yet. Less than a line is not enough to know.
func repeated(log, session []byte) []byte {
	var longest []byte
	most := 0
	for start := range log {
		end := log[start:]
		common := min(len(end), len(session))
		if common < most || !bytes.Equal(end[:common], session[:common]) {
			continue
		}
		lines := end[:1+bytes.LastIndexByte(end[:common], '\n')]
		if common == len(end) {
			lines = end
		}
		if len(bytes.TrimSpace(lines)) > 0 {
			longest, most = end, common
		}
	}
	return longest
}
