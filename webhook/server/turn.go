package server

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// A turn is the answer to a request that has its turn. A quick request ends its turn before the answer is written, because
// its client may not read it. A larger one keeps its turn until then, because of its memory.
type turn struct {
	http.ResponseWriter
	server     *boundedServer
	turns      chan struct{} // nil after the end of the turn
	isQuick    bool
	connection *openConnection
	isLarge    bool // the answer takes one of server.answers
	isLost     bool // the answer is not written
}

// WriteHeader is of [http.ResponseWriter]. It is called once, with the length of the answer in the headers.
func (t *turn) WriteHeader(code int) {
	readTime := requestTime // nobody waits for what is read slowly
	if !t.isQuick {
		readTime = clientTime
	}
	if length, _ := strconv.Atoi(t.Header().Get("Content-Length")); length > largeAnswer {
		select {
		case t.server.answers <- struct{}{}:
			t.isLarge = true
			readTime = clientTime
		default:
			t.isLost = true
			connectionsRefused.Inc()
			_ = t.connection.Close() // its client may have closed it
		}
	}
	control := http.NewResponseController(t.ResponseWriter)
	_ = control.SetWriteDeadline(time.Now().Add(readTime)) // a connection that is gone cannot be written
	if t.isQuick {
		// rule T74 in webhook/server TestUnreadAnswers: clients that do not read their answers
		t.endTurn()
	}
	t.ResponseWriter.WriteHeader(code)
}

var errLost = errors.New("too many clients do not read their answers")

// Write is of [http.ResponseWriter].
func (t *turn) Write(text []byte) (int, error) {
	if t.isLost {
		return 0, errLost
	}
	return t.ResponseWriter.Write(text)
}

func (t *turn) endTurn() {
	if t.turns != nil {
		<-t.turns
		t.turns = nil
	}
}

// end is called when the answer has been written, or the handler has failed.
func (t *turn) end() {
	t.endTurn()
	if t.isLarge {
		<-t.server.answers
	}
}

// whole is a body that says when it has been read to its end.
type whole struct {
	io.ReadCloser
	ended func()
}

// Read is of [io.Reader].
func (w whole) Read(text []byte) (int, error) {
	read, err := w.ReadCloser.Read(text)
	if errors.Is(err, io.EOF) {
		w.ended()
	}
	return read, err
}
