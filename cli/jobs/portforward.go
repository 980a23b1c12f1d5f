package jobs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/runai-mpi/runai-mpi/cli/invocation"
	"github.com/runai-mpi/runai-mpi/cli/kube"
	"github.com/runai-mpi/runai-mpi/cli/state"
)

// PortForward is runai port-forward.
type PortForward struct {
	Name    string   `arg:"" name:"NAME" complete:"jobs" help:"Name of the job."`
	Ports   []string `arg:"" optional:"" name:"PORT" help:"Ports to forward: REMOTE, LOCAL:REMOTE, or :REMOTE for any free local port."`
	Port    []string `sep:"none" placeholder:"PORT" help:"Same as the argument PORT. Can be repeated. Example: --port 8888:8080"`
	Address []string `placeholder:"ADDRESS" default:"localhost" help:"Addresses of your computer to listen on. Default: localhost. Example: --address 0.0.0.0"`
	Pod     string   `placeholder:"POD" complete:"pods" help:"Pod to forward to. Default: the launcher. Example: --pod worker-0"`
}

// Help returns examples.
func (*PortForward) Help() string {
	return `Examples:

    runai port-forward dist1 8888
    runai port-forward dist1 8888:8080 --pod worker-0`
}

// Run forwards ports until the pod ends or the user interrupts it.
func (p *PortForward) Run(ctx context.Context, run *invocation.Invocation) error {
	ports, mistakes := p.check()
	if len(mistakes) > 0 {
		return mistakes
	}
	if err := kube.CheckPorts(p.Address, ports); err != nil {
		return invocation.Failure{err.Error()}
	}
	client, err := run.Connect()
	if err != nil {
		return err
	}
	s, err := findState(ctx, run, client, p.Name)
	if err != nil {
		return err
	}
	pod, err := runningContainer(ctx, client, s, p.Pod, "")
	if err != nil {
		return err
	}
	forwarding := kube.Forwarding{Namespace: pod.Namespace, Pod: pod.Pod, Addresses: p.Address, Ports: ports}
	return p.forward(ctx, run, client, s, forwarding)
}

func (p *PortForward) check() (ports []kube.Port, mistakes invocation.Mistakes) {
	used := map[uint16]bool{}
	for i, text := range append(p.Ports, p.Port...) {
		port, ok := parsePort(text)
		if !ok {
			what := "PORT"
			if i >= len(p.Ports) {
				what = "--port"
			}
			mistakes = append(mistakes, invocation.BadValue(what, text, "must be REMOTE or LOCAL:REMOTE, for example 8888:8080"))
		}
		if used[port.Local] {
			mistakes = append(mistakes, fmt.Sprintf("local port %d is used twice: use %d only once, or a free one with :%d", port.Local, port.Local, port.Remote))
		}
		used[port.Local] = port.Local > 0 // 0 is any free one
		ports = append(ports, port)
	}
	if len(ports) == 0 {
		mistakes = append(mistakes, fmt.Sprintf("missing PORT for \"runai port-forward\", for example: runai port-forward %s 8888:8080", p.Name))
	}
	for _, address := range p.Address {
		if address != "localhost" && net.ParseIP(address) == nil {
			mistakes = append(mistakes, invocation.BadValue("--address", address, "must be localhost or an IP address"))
		}
	}
	return ports, mistakes
}

func parsePort(text string) (port kube.Port, ok bool) {
	local, remote, hasLocal := strings.Cut(text, ":")
	if !hasLocal {
		remote = local
	}
	if local == "" {
		local = "0"
	}
	from, err := strconv.ParseUint(local, 10, 16)
	to, remoteErr := strconv.ParseUint(remote, 10, 16)
	return kube.Port{Local: uint16(from), Remote: uint16(to)}, err == nil && remoteErr == nil && to > 0
}

// reconnectPause is the time between two connections to a pod.
const reconnectPause = 200 * time.Millisecond

// forward reconnects after a lost connection: the library drops all connections when one fails.
func (p *PortForward) forward(ctx context.Context, run *invocation.Invocation, client *kube.Client, s state.Job, f kube.Forwarding) error {
	open, cancel := context.WithCancel(ctx)
	defer cancel()
	attempt := state.AttemptOf(*s.Pod(f.Pod))
	ended := make(chan error, 1)
	go func() {
		ended <- p.untilEnd(open, run, client, s, attempt)
		cancel()
	}()
	announced := false
	f.Ready = func(ports []kube.Port) {
		if !announced {
			announce(run, f, ports)
		}
		announced, f.Ports = true, ports
	}
	f.Failed = func(why string) { run.Note(explainConnection(f.Pod, why)) }
	for {
		err := client.Forward(open, f)
		switch {
		case ctx.Err() != nil:
			return invocation.Interrupted
		case open.Err() != nil:
			return <-ended
		case !errors.Is(err, kube.ErrLost):
			return invocation.Failed(client.Explain(err))
		}
		select {
		case <-open.Done():
		case <-time.After(reconnectPause):
		}
	}
}

func announce(run *invocation.Invocation, f kube.Forwarding, ports []kube.Port) {
	for _, address := range f.Addresses {
		for _, port := range ports {
			fmt.Fprintf(run.Stdout, "Forwarding from %s -> %d of pod %s\n", net.JoinHostPort(address, strconv.Itoa(int(port.Local))), port.Remote, f.Pod)
		}
	}
}

// untilEnd waits for the end of the pod, and returns it as an error.
func (p *PortForward) untilEnd(
	ctx context.Context, run *invocation.Invocation, client *kube.Client, s state.Job, attempt state.Attempt,
) error {
	quiet := *run
	quiet.Line = nil // the command waits for nothing
	s, err := follow(ctx, &quiet, client, s.MPIJob).until(ctx, func(s state.Job) bool { return s.EndOf(attempt) != nil }, nil)
	if err != nil {
		return err
	}
	return invocation.Failure{fmt.Sprintf("pod %s %s", attempt.Pod, s.EndOf(attempt))}
}

// explainConnection returns why a connection to a pod failed.
func explainConnection(pod, why string) string {
	if port, refused := kube.RefusedPort(why); refused {
		return fmt.Sprintf("nothing listens on port %s of pod %s", port, pod)
	}
	return fmt.Sprintf("a connection to pod %s failed: %s", pod, why)
}
