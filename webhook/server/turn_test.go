package server

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// Clients that do not read their answers keep nobody from being answered.
func TestUnreadAnswers(t *testing.T) {
	read := make(chan struct{})
	var unread sync.WaitGroup
	unread.Add(quickAtOnce)
	var once sync.Map
	url, client := serving(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a few bytes
		w.Header().Set("Content-Length", "2")
		w.WriteHeader(http.StatusOK)
		if _, known := once.LoadOrStore(string(body), true); string(body) != "last" && !known {
			unread.Done()
			<-read
		}
		_, _ = io.WriteString(w, "ok") // the client may be gone
	})
	var others sync.WaitGroup
	for n := range quickAtOnce {
		others.Go(func() {
			if response, err := client.Post(url, "application/json", strings.NewReader(strconv.Itoa(n))); err == nil {
				response.Body.Close()
			}
		})
	}
	defer others.Wait()
	defer close(read)
	unread.Wait()
	response, err := client.Post(url, "application/json", strings.NewReader("last"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err := io.ReadAll(response.Body); err != nil || string(answer) != "ok" {
		t.Errorf("%q, %v", answer, err)
	}
}

// Large answers that nobody reads take a bounded amount of memory, and not for long.
func TestLargeAnswers(t *testing.T) {
	answer := make([]byte, 64<<20) // more than any buffer of the kernel
	address, client := serving(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut { // a small one
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(answer) // the client does not read it
	})
	start, before := time.Now(), testutil.ToFloat64(connectionsRefused)
	var all []net.Conn
	for range 2 * largeAnswersAtOnce {
		all = append(all, dialTo(t, address, encrypted))
	}
	for _, greedy := range all {
		if _, err := fmt.Fprintf(greedy, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", MutatePath); err != nil {
			t.Fatal(err)
		}
	}
	small, err := http.NewRequest(http.MethodPut, address, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(small)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.Header.Get("Content-Length") != "0" {
		t.Errorf("it was answered as one of too many requests after %s", time.Since(start))
	}
	for testutil.ToFloat64(connectionsRefused) == before {
		if time.Since(start) > requestTime+time.Second {
			t.Fatal("any number of large answers may wait in memory")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// A client that reads its answer too slowly loses its connection, and gets no record that it cannot decrypt: TLS ends a
// connection with one, although a part of the answer is missing.
func TestAnswersThatAreCutOff(t *testing.T) {
	url, client := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "2")
		w.WriteHeader(http.StatusOK)
		control := http.NewResponseController(w.(*turn).ResponseWriter)
		if err := errors.Join(control.Flush(), control.SetWriteDeadline(time.Now().Add(-time.Second))); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "ok") // it is too late
	})
	response, err := client.Post(url, "application/json", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.ReadAll(response.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want %v", err, io.ErrUnexpectedEOF)
	}
}

// A client that keeps nobody waiting may read its answer slowly. One that has its turn may not.
func TestTimeToReadAnswers(t *testing.T) {
	url, client := serving(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Length", "2")
		w.WriteHeader(http.StatusOK)
		time.Sleep(3 * clientTime / 2)
		_, _ = io.WriteString(w, "ok") // the connection may be closed
	})
	for length, mayBeSlow := range map[int]bool{1: true, quickRequest: true, quickRequest + 1: false, smallRequest + 1: false} {
		t.Run(strconv.Itoa(length), func(t *testing.T) {
			response, err := client.Post(url, "application/json", strings.NewReader(strings.Repeat("x", length)))
			if err == nil {
				response.Body.Close()
			}
			if (err == nil) != mayBeSlow {
				t.Errorf("is it answered: %t, want %t: %v", err == nil, mayBeSlow, err)
			}
		})
	}
}

// A large request has as much time as a small one, also after its body has been read.
func TestLargeRequestsHaveTime(t *testing.T) {
	url, client := serving(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(3 * clientTime / 2)
		if err := r.Context().Err(); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	response, err := client.Post(url, "application/json", strings.NewReader(strings.Repeat("x", quickRequest+1)))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Error("the request was given up while its client waited")
	}
}

// A session waits for the API server, and takes no turn of a job.
func TestSessionsHaveTurnsOfTheirOwn(t *testing.T) {
	s := NewServer("", "").(*boundedServer)
	quick := httptest.NewRequest(http.MethodPost, SessionsPath, strings.NewReader("{}"))
	if turns, isQuick := s.turns(SessionsPath, quick); turns != s.sessions || !isQuick {
		t.Error("a session takes the turn of a job")
	}
	if turns, isQuick := s.turns(MutatePath, quick); turns != s.quick || !isQuick {
		t.Error("a small job has another turn")
	}
}

// A client that has its turn and does not send its request loses it, and its connection.
func TestSlowClientsLoseTheirTurn(t *testing.T) {
	address, _ := serving(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // until the time of the client is over
	})
	slow := dialTo(t, address, encrypted)
	start := time.Now()
	if _, err := fmt.Fprintf(slow, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\nhalf", MutatePath, quickRequest+1); err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(slow) // an answer, or a connection that is reset
	if took := time.Since(start); took < clientTime || took > requestTime {
		t.Errorf("it had its turn for %s", took)
	}
}
