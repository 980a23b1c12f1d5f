package pods

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// hooks validates the probes and the lifecycle of a container that runs as long as the pod.
func (c *checker) hooks(container *corev1.Container, path place) {
	if lifecycle := container.Lifecycle; lifecycle != nil {
		at := path.Child("lifecycle")
		c.hook(lifecycle.PostStart, at.Child("postStart"))
		c.hook(lifecycle.PreStop, at.Child("preStop"))
		if lifecycle.StopSignal != nil {
			c.stopSignal(*lifecycle.StopSignal, at.Child("stopSignal"))
		}
	}
	c.probe(container.LivenessProbe, path.Child("livenessProbe"))
	c.probe(container.StartupProbe, path.Child("startupProbe"))
	c.probe(container.ReadinessProbe, path.Child("readinessProbe"))
	for _, probe := range []struct {
		*corev1.Probe
		name string
	}{{container.LivenessProbe, "livenessProbe"}, {container.StartupProbe, "startupProbe"}} {
		if probe.Probe != nil && probe.SuccessThreshold > 1 {
			c.invalid(path.Child(probe.name, "successThreshold"), probe.SuccessThreshold, "must be 1")
		}
	}
	if probe := container.ReadinessProbe; probe != nil && probe.TerminationGracePeriodSeconds != nil {
		c.forbidden(path.Child("readinessProbe", "terminationGracePeriodSeconds"), "has no effect for a readiness probe: remove it")
	}
}

// noHooks validates that an init container that ends has none.
func (c *checker) noHooks(container *corev1.Container, path place) {
	for _, one := range []struct {
		name  string
		isSet bool
	}{
		{"lifecycle", container.Lifecycle != nil}, {"livenessProbe", container.LivenessProbe != nil},
		{"readinessProbe", container.ReadinessProbe != nil}, {"startupProbe", container.StartupProbe != nil},
	} {
		if one.isSet {
			c.forbidden(path.Child(one.name), "cannot be set for an init container that ends: remove it, or set restartPolicy: Always")
		}
	}
}

func (c *checker) probe(probe *corev1.Probe, path place) {
	if probe == nil {
		return
	}
	c.handler(handler{probe.Exec, probe.HTTPGet, probe.TCPSocket, probe.GRPC, nil}, path)
	for _, number := range []struct {
		name  string
		value int32
	}{
		{"initialDelaySeconds", probe.InitialDelaySeconds}, {"timeoutSeconds", probe.TimeoutSeconds}, {"periodSeconds", probe.PeriodSeconds},
		{"successThreshold", probe.SuccessThreshold}, {"failureThreshold", probe.FailureThreshold},
	} {
		c.atLeast(path.Child(number.name), int64(number.value), 0)
	}
	if seconds := probe.TerminationGracePeriodSeconds; seconds != nil {
		c.atLeast(path.Child("terminationGracePeriodSeconds"), *seconds, 1)
	}
}

func (c *checker) hook(hook *corev1.LifecycleHandler, path place) {
	if hook != nil {
		c.handler(handler{hook.Exec, hook.HTTPGet, hook.TCPSocket, nil, hook.Sleep}, path)
	}
}

// A handler is what a probe or a hook does.
type handler struct {
	exec      *corev1.ExecAction
	httpGet   *corev1.HTTPGetAction
	tcpSocket *corev1.TCPSocketAction
	grpc      *corev1.GRPCAction
	sleep     *corev1.SleepAction
}

func (c *checker) handler(h handler, path place) {
	var set []string
	if h.exec != nil {
		set = append(set, "exec")
		if len(h.exec.Command) == 0 {
			c.missing(path.Child("exec", "command"), "must be set")
		}
	}
	if h.httpGet != nil {
		set = append(set, "httpGet")
		c.httpGet(h.httpGet, path.Child("httpGet"))
	}
	if h.tcpSocket != nil {
		set = append(set, "tcpSocket")
		c.portOrName(path.Child("tcpSocket", "port"), h.tcpSocket.Port)
	}
	if h.grpc != nil {
		set = append(set, "grpc")
		c.within(path.Child("grpc", "port"), int64(h.grpc.Port), 1, 65535)
		if mode := h.grpc.Mode; mode != nil {
			choice(c, path.Child("grpc", "mode"), *mode, corev1.GRPCProbeModePlaintext, corev1.GRPCProbeModeTLS)
		}
	}
	if h.sleep != nil {
		set = append(set, "sleep")
		most := int64(corev1.DefaultTerminationGracePeriodSeconds)
		if c.pod.TerminationGracePeriodSeconds != nil {
			most = *c.pod.TerminationGracePeriodSeconds
		}
		if h.sleep.Seconds < 0 || h.sleep.Seconds > most {
			c.invalid(path.Child("sleep", "seconds"), h.sleep.Seconds, fmt.Sprintf("must be from 0 to terminationGracePeriodSeconds, which is %d", most))
		}
	}
	c.only(path, "one of exec, httpGet, tcpSocket, grpc and sleep", set...)
}

func (c *checker) httpGet(get *corev1.HTTPGetAction, path place) {
	c.portOrName(path.Child("port"), get.Port)
	if get.Scheme != "" {
		choice(c, path.Child("scheme"), get.Scheme, corev1.URISchemeHTTP, corev1.URISchemeHTTPS)
	}
	for i, header := range get.HTTPHeaders {
		if len(validation.IsHTTPHeaderName(header.Name)) > 0 {
			c.invalid(path.Child("httpHeaders").Index(i).Child("name"), header.Name, "must have only letters, digits and '-'")
		}
	}
	if get.Protocol == nil {
		return
	}
	choice(c, path.Child("protocol"), *get.Protocol, corev1.HTTPProtocolHTTP1, corev1.HTTPProtocolHTTP2)
	if *get.Protocol != corev1.HTTPProtocolHTTP2 {
		return
	}
	if get.Scheme == corev1.URISchemeHTTPS {
		c.invalid(path.Child("protocol"), *get.Protocol, "cannot be used with the scheme HTTPS")
	}
	if get.Host != "" {
		c.invalid(path.Child("host"), get.Host, "cannot be used with the protocol HTTP2: remove it")
	}
}

// linuxSignals are those that a container can be stopped with; RTMIN and RTMAX have numbers, too.
var linuxSignals = strings.Fields("SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL SIGPIPE " +
	"SIGPOLL SIGPROF SIGPWR SIGQUIT SIGSEGV SIGSTKFLT SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 " +
	"SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ SIGRTMIN SIGRTMAX")

func (c *checker) stopSignal(signal corev1.Signal, path place) {
	switch {
	case c.pod.OS == nil:
		c.forbidden(path, "requires the pod's operating system: set spec.os.name to linux")
	case c.isWindows():
		choice(c, path, signal, corev1.SIGKILL, corev1.SIGTERM)
	case c.pod.OS.Name == corev1.Linux && !isLinuxSignal(string(signal)):
		c.invalid(path, signal, "must be a signal such as SIGTERM, SIGUSR1 or SIGRTMIN+1")
	}
}

func isLinuxSignal(name string) bool {
	for _, known := range linuxSignals {
		if name == known {
			return true
		}
	}
	for number := 1; number <= 15; number++ {
		if name == fmt.Sprintf("SIGRTMIN+%d", number) || number < 15 && name == fmt.Sprintf("SIGRTMAX-%d", number) {
			return true
		}
	}
	return false
}
