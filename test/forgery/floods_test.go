package forgery

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/flood"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

const (
	mostCPU    = time.Second // of the webhook, for one request
	mostMemory = 128 << 20   // of the webhook, ever; the chart's limit is twice as much
)

// floodedProject has as many node types as anybody may have.
func floodedProject() v1alpha1.ProjectSpec {
	var spec v1alpha1.ProjectSpec
	for n := range 64 {
		spec.NodeAffinity.Train = append(spec.NodeAffinity.Train, fmt.Sprintf("type-%d-of-a-node-with-gpus", n))
	}
	return spec
}

// rawClient returns a client that sends jobs as they are written.
func rawClient(t *testing.T) *rest.RESTClient {
	t.Helper()
	product.PermitInCluster(t, suite.Everybody, install.Verbs("kubeflow.org", []string{"*"}, "*"))
	token, err := broker.Token(alices)
	if err != nil {
		t.Fatal(err)
	}
	user, err := product.WithToken(token)
	if err != nil {
		t.Fatal(err)
	}
	config := rest.CopyConfig(user.Config)
	config.APIPath, config.GroupVersion = "/apis", &schema.GroupVersion{Group: "kubeflow.org", Version: "v2beta1"}
	config.NegotiatedSerializer = serializer.NewCodecFactory(product.Client.Scheme()).WithoutConversion()
	config.WarningHandler, config.QPS = rest.NoWarnings{}, -1
	raw, err := rest.RESTClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// sparesTheWebhook makes a request and asserts that the webhook used little CPU time for it.
func sparesTheWebhook(t *testing.T, name string, request func() error) error {
	t.Helper()
	before := usedCPU(t)
	err := request()
	if used := usedCPU(t) - before; used > mostCPU {
		t.Errorf("%s: the webhook used %s of CPU time", name, used)
	}
	return err
}

func usedCPU(t *testing.T) time.Duration {
	t.Helper()
	used, err := product.Webhook.CPU()
	if err != nil {
		t.Fatal(err)
	}
	return used
}

func staysSmall(t *testing.T) {
	t.Helper()
	peak, err := product.Webhook.Memory("VmHWM")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MiB at the peak", peak>>20)
	if peak > mostMemory {
		t.Errorf("%d MiB at the peak", peak>>20)
	}
}

func needsProc(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("cannot measure the webhook: only Linux has /proc")
	}
}

// One user creates jobs that cost much, one by one and four at once, while a colleague submits small ones.
func TestT38Creations(t *testing.T) {
	needsProc(t)
	namespace := product.AddProject(t, "t38", floodedProject())
	raw := rawClient(t)
	create := func(job flood.Job) error {
		return raw.Post().Resource("mpijobs").Namespace(namespace).Param("dryRun", "All").SetHeader("Content-Type", "application/json").
			Body(job.JSON).Do(t.Context()).Error()
	}
	all := flood.Jobs(namespace)
	for _, job := range all {
		start := usedCPU(t)
		err := sparesTheWebhook(t, job.Name, func() error { return create(job) })
		t.Logf("%s: %d kB, %s", job.Name, len(job.JSON)>>10, usedCPU(t)-start)
		if err := job.Verdict(err); err != nil {
			t.Errorf("%s: %s", job.Name, err)
		}
	}
	submit, done := colleague(t), make(chan error)
	stop := make(chan struct{})
	go func() { done <- submit(stop) }()
	var floods errgroup.Group
	floods.SetLimit(4)
	for _, job := range all {
		floods.Go(func() error { _ = create(job); return nil })
	}
	_ = floods.Wait()
	close(stop)
	if err := <-done; err != nil {
		t.Errorf("a colleague: %s", err)
	}
	staysSmall(t)
}

// colleague returns a function that submits small jobs in another project until it is stopped.
func colleague(t *testing.T) func(stop <-chan struct{}) error {
	t.Helper()
	namespace, bob := product.AddProject(t, "t38-colleague", required), login(t, broker, bobs)
	return func(stop <-chan struct{}) error {
		for n := 0; ; n++ {
			select {
			case <-stop:
				t.Logf("a colleague submitted %d jobs meanwhile", n)
				return nil
			default:
			}
			if err := bob.Create(t.Context(), mpijobtest.MakeMPIJob("small", namespace).Obj(), client.DryRunAll); err != nil {
				return err
			}
		}
	}
}

// One user replaces a small stored job by jobs that cost much.
func TestT38Updates(t *testing.T) {
	needsProc(t)
	namespace := product.AddProject(t, "t38-updates", floodedProject())
	suite.Create(t, login(t, broker, alices), suspended("flood", namespace))
	raw := rawClient(t)
	for _, job := range flood.Jobs(namespace) {
		update := func() error {
			version := product.Job(t, namespace, "flood").ResourceVersion
			text := bytes.Replace(job.JSON, []byte(`"metadata":{`), []byte(`"metadata":{"resourceVersion":"`+version+`",`), 1)
			return raw.Put().Resource("mpijobs").Namespace(namespace).Name("flood").SetHeader("Content-Type", "application/json").
				Body(text).Do(t.Context()).Error()
		}
		start := usedCPU(t)
		if err := sparesTheWebhook(t, job.Name, update); err == nil {
			t.Errorf("%s: stored", job.Name)
		}
		t.Logf("%s: %d kB, %s", job.Name, len(job.JSON)>>10, usedCPU(t)-start)
	}
	staysSmall(t)
	if stored := product.Job(t, namespace, "flood"); stored.Annotations[annotations.AppliedPoliciesKey] == "" {
		t.Error("the stored job has changed")
	}
}
