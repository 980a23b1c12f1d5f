package replicas

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/runai-mpi/runai-mpi/test/flood"
)

// A hostile request is one that no API server sends.
type hostile struct {
	name string
	// plain is true for one without TLS.
	plain bool
	// isReview is true for a review with a job that no API server sends. The answer may be a review, too.
	isReview bool
	// send writes it. An error ends it: the server has closed the connection.
	send func(io.Writer) error
}

// hostileRequests are requests that end by themselves, or that the server must end.
func hostileRequests() []hostile {
	all := []hostile{
		{name: "no TLS", plain: true, send: text("POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "no TLS, and no HTTP", plain: true, send: text(strings.Repeat("\x00\xff", 5000))},
		{name: "HTTP/2", send: text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + strings.Repeat("\x00", 90))},
		{name: "HTTP/0.9", send: text("GET /mutate\r\n\r\n")},
		{name: "no HTTP", send: text("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")},
		{name: "two lengths", send: text("POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}")},
		{name: "a negative length", send: text("POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Length: -2\r\n\r\n{}")},
		{name: "a length that is not true", send: text(head("/mutate", 1<<40) + "{}")},
		{name: "no host", send: text("POST /mutate HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "two encodings", send: text("POST /mutate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n{}")},
		{name: "a chunk of a wrong size", send: text(chunked + "zz\r\n{}\r\n0\r\n\r\n")},
		{name: "many headers", send: text("POST /mutate HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("A: b\r\n", 500_000) + "\r\n")},
		{name: "a long header", send: text("POST /mutate HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("b", 4<<20) + "\r\n\r\n")},
		{name: "a long path", send: text("POST /" + strings.Repeat("a", 4<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n")},
		{name: "no such path", send: text(head("/other", 2) + "{}")},
		{name: "headers without an end", send: forever("POST /mutate HTTP/1.1\r\nHost: x\r\n", "A: b\r\n")},
		{name: "chunks without an end", send: forever(chunked, "1\r\n \r\n")},
		{name: "many requests at once", send: text(strings.Repeat(head("/mutate", 2)+"{}", 1000))},
		{name: "another type", send: text("POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "no type", send: text("POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "10 MB in chunks", send: text(chunked + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", 10<<20, strings.Repeat(" ", 10<<20)))},
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"} {
		all = append(all, hostile{name: method, send: text(strings.Replace(head("/mutate", 2), "POST", method, 1) + "{}")})
	}
	for name, body := range hostileBodies() {
		for _, path := range []string{"/mutate", "/validate", "/sessions"} {
			if path == "/sessions" && strings.HasSuffix(name, "in the job") {
				continue // it judges no jobs
			}
			all = append(all, hostile{
				name: name + " to " + path, isReview: strings.HasSuffix(name, "in the job"), send: text(head(path, len(body)) + body),
			})
		}
	}
	for name, body := range sprawlingReviews() {
		for _, path := range []string{"/mutate", "/validate", "/sessions"} {
			all = append(all, hostile{name: name + " to " + path, isReview: true, send: text(head(path, len(body)) + body)})
		}
	}
	return all
}

// sprawlingReviews would take many times their size if they were read or answered without a bound.
func sprawlingReviews() map[string]string {
	long, whole := strings.Repeat("<", 6<<20), review(request("{}"))
	causes := `"response":{"status":{"details":{"causes":[` + strings.Repeat("{},", 2<<20) + `{}]}}},"request"`
	return map[string]string{
		"a name of 6 MB":                   strings.Replace(whole, `"namespace"`, `"name":"/`+long+`","namespace"`, 1),
		"a namespace of 6 MB":              strings.Replace(whole, "nowhere", long, 1),
		"a user of 6 MB":                   strings.Replace(whole, "eve", long, 1),
		"a response with 2 million causes": strings.Replace(whole, `"request"`, causes, 1),
	}
}

// hostileBodies are what no API server sends as a review.
func hostileBodies() map[string]string {
	const deep = 10_000
	return map[string]string{
		"nothing":                             "",
		"white space":                         strings.Repeat(" ", 1000),
		"null":                                "null",
		"a text":                              `"AdmissionReview"`,
		"a list":                              "[]",
		"an empty object":                     "{}",
		"no JSON":                             "<AdmissionReview/>",
		"two objects":                         review(request("{}")) + review(request("{}")),
		"half a review":                       review(request("{}"))[:150],
		"bytes that are not UTF-8 in the job": review(request(`{"a":"` + "\xff\xfe" + `"}`)),
		"10 MB":                               strings.Repeat(" ", 10<<20),
		"10 MB in a text":                     review(request(`{"a":"` + strings.Repeat("a", 10<<20) + `"}`)),
		"deep lists":                          strings.Repeat("[", deep) + strings.Repeat("]", deep),
		"deep lists without an end":           strings.Repeat("[", deep),
		"deep objects":                        strings.Repeat(`{"request":`, deep) + "1" + strings.Repeat("}", deep),
		"deep lists in the job":               review(request(strings.Repeat("[", deep) + strings.Repeat("]", deep))),
		"deep objects in the job":             review(request(strings.Repeat(`{"a":`, deep) + "1" + strings.Repeat("}", deep))),
		"another version":                     strings.Replace(review(request("{}")), "admission.k8s.io/v1", "admission.k8s.io/v1beta1", 1),
		"another group":                       strings.Replace(review(request("{}")), "admission.k8s.io/v1", "v1", 1),
		"another kind":                        strings.Replace(review(request("{}")), "AdmissionReview", "SubjectAccessReview", 1),
		"no kind":                             `{"request":` + request("{}") + `}`,
		"no request":                          `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}`,
		"a request that is null":              review("null"),
		"a request that is a list":            review("[]"),
		"a request without a uid":             review(`{"operation":"CREATE"}`),
		"a uid that is a number":              review(`{"uid":1}`),
		"a uid of 1 MB":                       review(`{"uid":"` + strings.Repeat("a", 1<<20) + `"}`),
		"an operation that is a map":          review(`{"uid":"1","operation":{}}`),
	}
}

// floods are reviews of jobs that would cost much. The API server would not send all of them.
func floods(namespace string) []hostile {
	var all []hostile
	for _, job := range slices.Concat(flood.Jobs(namespace), flood.Namesakes(namespace)) {
		if job.Refusal == "" {
			continue
		}
		body := review(strings.Replace(request(string(job.JSON)), `"nowhere"`, strconv.Quote(namespace), 1))
		for _, path := range []string{"/mutate", "/validate"} {
			all = append(all, hostile{name: job.Name + " to " + path, isReview: true, send: text(head(path, len(body)) + body)})
		}
	}
	return all
}

func review(request string) string {
	return `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":` + request + `}`
}

// request is the request of a review, of a job as it is written.
func request(job string) string {
	return `{"uid":"11111111-2222-3333-4444-555555555555","kind":{"group":"kubeflow.org","version":"v2beta1","kind":"MPIJob"},` +
		`"resource":{"group":"kubeflow.org","version":"v2beta1","resource":"mpijobs"},"namespace":"nowhere","operation":"CREATE",` +
		`"userInfo":{"username":"eve"},"object":` + job + `}`
}

const chunked = "POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

func head(path string, length int) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, length)
}

func text(request string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, request)
		return err
	}
}

// forever writes a text again and again, slowly.
func forever(begin, again string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, begin)
		for err == nil {
			time.Sleep(100 * time.Millisecond)
			_, err = io.WriteString(w, again)
		}
		return err
	}
}
