package e2e

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/test/internal/chart"
)

// replicaLogs are those of all replicas that run while they are followed.
type replicaLogs struct {
	stop      context.CancelFunc
	following sync.WaitGroup

	mutex sync.Mutex
	texts map[string]string // by container
}

// followLogs follows the logs of all replicas until areClean, or the end of the test.
func followLogs(t *testing.T) *replicaLogs {
	ctx, stop := context.WithCancel(t.Context())
	l := &replicaLogs{stop: stop, texts: map[string]string{}}
	l.following.Go(func() {
		for ; ctx.Err() == nil; time.Sleep(time.Second) {
			ofWebhook := metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=" + chart.Release}
			pods, err := product.Release.Lab.Clients.CoreV1().Pods(chart.Namespace).List(ctx, ofWebhook)
			if err != nil {
				continue // the API server is being restarted
			}
			for _, pod := range pods.Items {
				l.follow(ctx, pod)
			}
		}
	})
	t.Cleanup(stop)
	return l
}

// follow reads the log of the last container of a pod, unless somebody does.
func (l *replicaLogs) follow(ctx context.Context, pod corev1.Pod) {
	key := fmt.Sprint(pod.UID, restarts(pod))
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if _, followed := l.texts[key]; followed {
		return
	}
	l.texts[key] = ""
	l.following.Go(func() {
		stream, err := product.Release.Lab.Clients.CoreV1().Pods(pod.Namespace).
			GetLogs(pod.Name, &corev1.PodLogOptions{Follow: true}).Stream(ctx)
		var text []byte
		if err == nil {
			text, err = io.ReadAll(stream) // what was read, and that the test or the API server has ended
			stream.Close()
		}
		l.mutex.Lock()
		defer l.mutex.Unlock()
		if l.texts[key] = string(text); err != nil && ctx.Err() == nil {
			delete(l.texts, key) // follow it again
		}
	})
}

// trouble is what the log of a replica must not have. An API server that is restarted breaks the watches of client-go,
// and refuses new ones until it has loaded its roles.
var (
	trouble     = regexp.MustCompile(`(?s)(WARNING: DATA RACE|panic|level=ERROR).*`)
	brokenWatch = regexp.MustCompile(`(?m)^.*level=ERROR msg="Failed to watch" logger=controller-runtime/cache/UnhandledError.*$`)
)

func (l *replicaLogs) areClean(t *testing.T) {
	t.Helper()
	l.stop()
	l.following.Wait()
	if len(l.texts) == 0 {
		t.Error("no log was read")
	}
	for container, text := range l.texts {
		if found := trouble.FindString(brokenWatch.ReplaceAllString(text, "")); found != "" {
			t.Errorf("%s: %.3000s", container, found)
		}
	}
}
