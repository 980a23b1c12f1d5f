package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/moby/term"
	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/cli/console"
	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

// detachKeys are Ctrl-P Ctrl-Q, as in docker and kubectl.
var detachKeys = []byte{'P' - '@', 'Q' - '@'}

// connect prints what the main container of a pod prints, and passes on what the user types, until the container ends
// or the user detaches.
func (a *attachment) connect(ctx context.Context, f *follower, pod corev1.Pod) error {
	container := pod.Spec.Containers[0]
	runs := state.IsRunning(pod, container.Name)
	a.explainWhatIsNotPossible(pod, container)
	if a.keys == nil && container.Stdin && !a.NoStdin {
		a.keys = console.ReadKeys(a.run.Stdin)
	}
	if a.run.Console != nil && container.TTY && container.Stdin && !a.NoTTY && !a.NoStdin && runs {
		return a.useTerminal(ctx, f, pod)
	}
	if a.keys != nil && runs {
		sending, cancel := context.WithCancel(ctx)
		defer cancel()
		go a.sendKeys(sending, pod)
	}
	return a.printLog(ctx, f, pod)
}

func (a *attachment) explainWhatIsNotPossible(pod corev1.Pod, container corev1.Container) {
	if a.Stdin && !container.Stdin {
		a.run.Note(fmt.Sprintf("the process in pod %s does not read its standard input: submit the job with --stdin or --attach", pod.Name))
	}
	switch {
	case !a.TTY:
	case !container.TTY:
		a.run.Note(fmt.Sprintf("the process in pod %s has no terminal: submit the job with --tty or --attach", pod.Name))
	case a.run.Console == nil:
		a.run.Note(notATerminal)
	}
}

const notATerminal = "the standard input or the standard output is not a terminal: continuing without a terminal"

// sendKeys passes on what the user types or pipes, while the log shows what the process prints.
func (a *attachment) sendKeys(ctx context.Context, pod corev1.Pod) {
	container := pod.Spec.Containers[0]
	err := a.client.Attach(ctx, mainContainer(pod), kube.Streams{Stdin: a.keys.During(ctx), TTY: container.TTY})
	if err != nil && ctx.Err() == nil {
		a.run.Note("cannot send what you type: " + a.client.Explain(err))
	}
}

// printLog prints the log of a pod until its end, over broken connections.
func (a *attachment) printLog(ctx context.Context, f *follower, pod corev1.Pod) error {
	only := []target{{pod: pod, container: pod.Spec.Containers[0].Name}}
	log := streams{
		follower: f, limit: 1,
		targets: func(state.Job) []target { return only },
		isLast:  func(state.Job) bool { return true },
		output:  func(target) io.WriteCloser { return nopCloser{a.run.JobOutput} },
	}
	_, _, err := log.follow(ctx)
	return err
}

func mainContainer(pod corev1.Pod) kube.Container {
	return kube.Container{Namespace: pod.Namespace, Pod: pod.Name, Name: pod.Spec.Containers[0].Name}
}

// useTerminal connects the user's terminal to that of the container.
func (a *attachment) useTerminal(ctx context.Context, f *follower, pod corev1.Pod) error {
	a.run.Note(fmt.Sprintf("Connecting to pod %s. To detach, press Ctrl-P Ctrl-Q. "+
		"If you don't see a command prompt, try pressing enter.", pod.Name)) // the original's own words
	session, cancel := context.WithCancel(ctx)
	defer cancel()
	keys := &untilDetached{Reader: term.NewEscapeProxy(a.keys.During(session), detachKeys), detach: cancel}
	err := a.run.Console.Lend(session, func(ctx context.Context) error { return a.attach(ctx, pod, keys) })
	switch {
	case keys.detached:
		return errDetached
	case ctx.Err() != nil || err == nil:
		return ctx.Err()
	case kube.IsForbidden(err):
		a.run.Note(a.client.Explain(err) + "; only printing the output")
		return a.printLog(ctx, f, pod)
	}
	return invocation.Failure{fmt.Sprintf("lost the connection to pod %s: %s; attach again with %s",
		pod.Name, a.client.Explain(err), a.again())}
}

// attach shows the log and then the session.
func (a *attachment) attach(ctx context.Context, pod corev1.Pod, keys io.Reader) error {
	joint := newJoint(a.run.JobOutput)
	logEnded := make(chan struct{})
	err := a.client.Attach(ctx, mainContainer(pod), kube.Streams{
		Stdin: keys, Stdout: joint, TTY: true, Sizes: a.run.Console.Redrawn(ctx, joint.begun),
		Opened: func() {
			go func() {
				defer close(logEnded)
				a.copyLogTo(ctx, joint, pod)
			}()
		},
	})
	if err == nil {
		<-logEnded // of a container that ended before the session had shown something
	}
	joint.join()
	return err
}

func (a *attachment) copyLogTo(ctx context.Context, joint *joint, pod corev1.Pod) {
	log, err := a.client.Logs(ctx, pod.Namespace, pod.Name, kube.LogOptions{Container: pod.Spec.Containers[0].Name, Follow: true})
	if err != nil {
		joint.join() // the session shows what follows
		return
	}
	defer log.Close()
	joint.copyLog(ctx, log)
}

// untilDetached reads what the user types until the keys that detach.
type untilDetached struct {
	io.Reader
	detach   context.CancelFunc
	detached bool
}

func (u *untilDetached) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if errors.Is(err, term.EscapeError{}) {
		u.detached, err = true, io.EOF
		u.detach()
	}
	return n, err
}
