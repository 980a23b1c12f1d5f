package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	crmanager "sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/version"
	"github.com/runai-mpi/runai-mpi/webhook/review"
	"github.com/runai-mpi/runai-mpi/webhook/server"
)

type serve struct {
	Policy         string        `placeholder:"FILE" type:"existingfile" help:"File with the cluster policy. Default: the built-in one."`
	CertDir        string        `placeholder:"DIR" required:"" type:"existingdir" help:"Directory with tls.crt and tls.key, which are reloaded when they change."`
	Host           string        `placeholder:"ADDRESS" help:"Address to listen on. Default: all addresses."`
	Port           int           `default:"9443" help:"Port of the webhook."`
	HealthAddress  string        `default:":8081" placeholder:"ADDRESS" help:"Address of /healthz and /readyz; 0 turns them off."`
	MetricsAddress string        `default:":8080" placeholder:"ADDRESS" help:"Address of /metrics; 0 turns it off."`
	Drain          time.Duration `default:"10s" help:"How long a replica still serves, but is not ready, after it is told to stop."`
	PprofPort      int           `placeholder:"PORT" help:"Port of /debug/pprof on the loopback interface, for kubectl port-forward. Default: no profiles."`
	LogLevelFile   string        `placeholder:"FILE" help:"File with a log level that overrides --log-level. It is read again every few seconds, and may be empty or missing."`
	Kubeconfig     string        `placeholder:"FILE" type:"existingfile" help:"File with the kubeconfig. Default: the pod's service account."`

	logging
}

// Validate is called by kong.
func (s *serve) Validate() error {
	for flag, port := range map[string]int{"--port": s.Port, "--pprof-port": s.PprofPort} {
		if port < 0 || port > 65535 {
			return fmt.Errorf("invalid value %q for %s: must be a port from 1 to 65535", strconv.Itoa(port), flag)
		}
	}
	return notNegative("--drain", s.Drain)
}

// Run serves until it gets a signal to stop, and then for the time of --drain. With an invalid cluster policy or
// certificate it fails at once. While no API server answers, it waits.
func (s *serve) Run() error {
	cluster, err := config.Load(s.Policy)
	if err != nil {
		return err
	}
	if _, err := tls.LoadX509KeyPair(server.CertificateFiles(s.CertDir)); err != nil {
		return fmt.Errorf("invalid certificate in %s: %w", s.CertDir, err)
	}
	if err := s.canListen(); err != nil {
		return err
	}
	if err := s.setUp(os.Stderr); err != nil {
		return err
	}
	raiseHeapFloor()
	heard := server.NewHeard()
	metrics.Registry.MustRegister(append(heard.Collectors(), server.CertificateExpiry(s.CertDir))...)
	manager, err := s.manager(cluster, heard)
	if err != nil {
		return err
	}
	signal := ctrl.SetupSignalHandler()
	ctx := s.drained(signal)
	if s.LogLevelFile != "" {
		go (&levelFile{path: s.LogLevelFile, usual: logLevel.Level()}).follow(ctx)
	}
	health := server.NewHealth()
	health.Add("signal", func(*http.Request) error { return signal.Err() })
	if err := s.addPorts(manager, health); err != nil {
		return err
	}
	if err := server.AddToManager(ctx, manager, health, review.Reviewer{Cluster: cluster, Version: version.String()}.Prepared()); err != nil {
		return err
	}
	if err := manager.Add(whenSynced(manager.GetCache(), giveBackWhenIdle)); err != nil {
		return err
	}
	if err := start(ctx, manager); err != nil {
		return fmt.Errorf("cannot serve: %w", err)
	}
	return nil
}

// whenSynced returns what calls a function as soon as a cache is synced.
func whenSynced(informers cache.Cache, do func(context.Context)) crmanager.RunnableFunc {
	return func(ctx context.Context) error {
		if informers.WaitForCacheSync(ctx) {
			do(ctx)
		}
		return nil
	}
}

// canListen returns an error if another program has a port of the replica, as it may on the network of a node. The
// manager would report it only when the API server has answered.
func (s *serve) canListen() error {
	addresses := map[string]string{"the webhook": s.webhookAddress(), "profiles": s.pprofAddress()}
	for what, address := range addresses {
		if address == "" {
			continue
		}
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return fmt.Errorf("cannot serve %s: %w", what, err)
		}
		listener.Close()
	}
	return nil
}

// addPorts adds the servers of the probes and of the metrics.
func (s *serve) addPorts(manager ctrl.Manager, health *server.Health) error {
	for _, port := range []struct {
		what, address string
		handler       http.Handler
	}{{"health", s.HealthAddress, health.Handler()}, {"metrics", s.MetricsAddress, server.Metrics()}} {
		if port.address == "0" {
			continue
		}
		serving, err := server.NewPort(port.what, port.address, port.handler)
		if err != nil {
			return fmt.Errorf("cannot serve %s: %w", port.what, err)
		}
		if err := manager.Add(serving); err != nil {
			return err
		}
	}
	return nil
}

func (s *serve) webhookAddress() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// pprofAddress is on loopback: whoever may forward ports to the pod may read its profiles, and nobody else of the cluster.
func (s *serve) pprofAddress() string {
	if s.PprofPort == 0 {
		return ""
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.PprofPort))
}

func (s *serve) manager(cluster *config.ClusterPolicy, heard *server.Heard) (ctrl.Manager, error) {
	client, err := clientConfig(s.Kubeconfig)
	if err != nil {
		return nil, err
	}
	client.QPS = -1 // no limit: a start reads many pages, and each session a pod
	client.Wrap(heard.Wrap)
	manager, err := ctrl.NewManager(client, ctrl.Options{
		Scheme:                 server.Scheme(),
		Cache:                  server.CacheOptions(cluster.ProjectLabel),
		MapperProvider:         server.Mapper,
		WebhookServer:          server.NewServer(s.webhookAddress(), s.CertDir),
		Metrics:                metricsserver.Options{BindAddress: "0"},
		HealthProbeBindAddress: "0",
		PprofBindAddress:       s.pprofAddress(),
	})
	if err != nil {
		return nil, fmt.Errorf("cannot serve: %w", err)
	}
	return manager, nil
}
