package forgery

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// podsOfAlice submits a job of alice and returns its pods.
func podsOfAlice(t *testing.T, namespace, name string) []corev1.Pod {
	t.Helper()
	suite.Create(t, login(t, broker, alices), mpijobtest.MakeMPIJob(name, namespace).Obj())
	var pods []corev1.Pod
	suite.Eventually(t, "the pods of an MPIJob exist", suite.Soon, func() error {
		pods = product.Pods(t, namespace)
		return product.HasPods(t, namespace, 2)
	})
	return pods
}

// renamed returns a copy of a pod under another name, as somebody would create it.
func renamed(pod corev1.Pod) *corev1.Pod {
	tried := &corev1.Pod{Spec: *pod.Spec.DeepCopy()}
	tried.Namespace, tried.Name, tried.Labels, tried.Annotations = pod.Namespace, "tried", pod.Labels, pod.Annotations
	return tried
}

// Whatever another webhook does to the pods of an MPIJob, they cannot become another user.
func TestT47MPIJobPods(t *testing.T) {
	namespace := product.AddProject(t, "t47", required)
	applyBackstop(t, "mpijob-pods", "confinement")
	sidecar := func(change func(*corev1.SecurityContext)) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			injected := *p.Spec.Containers[0].DeepCopy()
			injected.Name = "injected"
			change(injected.SecurityContext)
			p.Spec.Containers = append(p.Spec.Containers, injected)
		}
	}
	adding := func(capability corev1.Capability) func(*corev1.Pod) {
		return sidecar(func(s *corev1.SecurityContext) { s.Capabilities.Add = []corev1.Capability{capability} })
	}
	no, group := false, int64(60003)
	const capability = "only the capability NET_BIND_SERVICE"
	for _, pod := range podsOfAlice(t, namespace, "dist1") {
		user := as(t, env.Operator)
		if pod.Labels["training.kubeflow.org/job-role"] == "launcher" {
			user = as(t, "system:serviceaccount:kube-system:job-controller")
		}
		tryPods(t, user, renamed(pod), []podAttempt{
			{"another uid", withIDs(1001, 54000), "must run with the UID of its user"},
			{"the uid of sshd", withIDs(65533, 65534), "must run with the UID of its user"},
			{"another gid", withIDs(1234567, 1001), "must run with the GID of its user"},
			{"another group", withIDs(1234567, 54000, 60001, 60003), "must run with the groups of its user"},
			{"the gid of nobody", withIDs(1234567, 54000, 65534), "must run with the groups of its user"},
			{"no user", func(p *corev1.Pod) { delete(p.Annotations, "files.run.ai/passwd") }, "must run with the UID of its user"},
			{"a removed context", func(p *corev1.Pod) { p.Spec.SecurityContext = nil }, "must"},
			{"fsGroup", func(p *corev1.Pod) { p.Spec.SecurityContext.FSGroup = &group }, "fsGroup is not allowed"},
			{"the node's processes", func(p *corev1.Pod) { p.Spec.HostPID = true }, "hostPID is not allowed"},
			{"a container without a context", sidecar(func(s *corev1.SecurityContext) { *s = corev1.SecurityContext{} }),
				"allowPrivilegeEscalation to false"},
			{"a container as root of its image", sidecar(func(s *corev1.SecurityContext) { s.RunAsNonRoot = &no }),
				"runAsNonRoot to false"},
			{"SETUID", adding("SETUID"), capability},
			{"DAC_OVERRIDE", adding("DAC_OVERRIDE"), capability},
			{"SYS_ADMIN", sidecar(func(s *corev1.SecurityContext) {
				s.Capabilities.Add, s.AllowPrivilegeEscalation = []corev1.Capability{"SYS_ADMIN"}, nil
			}), "allowPrivilegeEscalation to false"},
		})
		accepts(t, user, renamed(pod), map[string]func(*corev1.Pod){"a confined container": sidecar(func(*corev1.SecurityContext) {})})
	}
}

// Nobody passes something off as what MPI Operator made, and nobody changes what it made.
func TestT53Owned(t *testing.T) {
	namespace, alice, bob := product.AddProject(t, "t53", required), login(t, broker, alices), login(t, broker, bobs)
	applyBackstop(t, "owned")
	launcher := suspendedLauncher(t, namespace, alice)
	const others = "only MPI Operator may make what belongs to an MPIJob"
	pod := confinedPod(namespace)
	tryPods(t, bob, pod, []podAttempt{
		{"a worker", func(p *corev1.Pod) { p.OwnerReferences = launcher.OwnerReferences }, others},
		{"a launcher", func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(launcher, batchv1.SchemeGroupVersion.WithKind("Job"))}
		}, others},
		{"a pod that the Job adopts", podLabelled(batchv1.ControllerUidLabel, string(launcher.UID)), "only the controller of a Job"},
	})
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "dist1-config", Namespace: namespace}}
	if err := product.Client.Get(t.Context(), client.ObjectKeyFromObject(config), config); err != nil {
		t.Fatal(err)
	}
	config.Data["discover_hosts.sh"] = "#!/bin/sh\nsteal"
	const owned = "only MPI Operator may change what belongs to an MPIJob"
	if err := suite.Refused(bob.Update(t.Context(), config), owned); err != nil {
		t.Errorf("a ConfigMap: %s", err)
	}
	testOwnedDeletions(t, namespace, bob)
	testEndpoints(t, namespace, bob)
	two := int32(2)
	for name, attempt := range map[string]struct {
		change     func(*batchv1.Job)
		controller string // why a controller is refused too, if it is
	}{
		"a runtime annotation": {func(j *batchv1.Job) {
			metav1.SetMetaDataAnnotation(&j.Spec.Template.ObjectMeta, "io.katacontainers.x", "y")
		}, "only those annotations of a launcher"},
		"no affinity": {func(j *batchv1.Job) { j.Spec.Template.Spec.Affinity = nil }, "choose the nodes of a launcher"},
		"GPUs": {func(j *batchv1.Job) {
			j.Spec.Template.Spec.Containers[0].Resources.Limits = corev1.ResourceList{"nvidia.com/gpu": *newQuantity("8")}
		}, "choose the nodes of a launcher"},
		"parallelism": {func(j *batchv1.Job) { j.Spec.Parallelism = &two }, "only suspend and resume"},
		"resuming":    {func(j *batchv1.Job) { *j.Spec.Suspend = false }, ""},
		"nodes":       {func(j *batchv1.Job) { j.Spec.Template.Spec.NodeSelector = map[string]string{"a": "b"} }, ""},
		"no owner":    {func(j *batchv1.Job) { j.OwnerReferences = nil }, ""},
		"a label":     {func(j *batchv1.Job) { j.Labels["a"] = "b" }, ""},
		"a queue": {func(j *batchv1.Job) {
			metav1.SetMetaDataAnnotation(&j.Spec.Template.ObjectMeta, "kueue.x-k8s.io/podset-required-topology", "rack")
			metav1.SetMetaDataLabel(&j.Spec.Template.ObjectMeta, "kueue.x-k8s.io/podset", "launcher")
			j.Spec.Template.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "kueue.x-k8s.io/topology"}}
			*j.Spec.Suspend = false
		}, ""},
	} {
		changed := launcher.DeepCopy()
		changed.ResourceVersion = "" // the Job's controller writes its status meanwhile
		attempt.change(changed)
		if err := suite.Refused(bob.Update(t.Context(), changed.DeepCopy(), client.DryRunAll), owned); err != nil {
			t.Errorf("%s: %s", name, err)
		}
		err := as(t, kueue).Update(t.Context(), changed.DeepCopy(), client.DryRunAll)
		if attempt.controller == "" && err != nil || attempt.controller != "" && suite.Refused(err, attempt.controller) != nil {
			t.Errorf("%s by a controller: got %v, want %q", name, err, attempt.controller)
		}
		if err := as(t, env.Operator).Update(t.Context(), changed, client.DryRunAll); err != nil {
			t.Errorf("%s by MPI Operator: %s", name, err)
		}
	}
}

// Nobody puts something in the place of what belongs to a job.
func testOwnedDeletions(t *testing.T, namespace string, bob client.Client) {
	t.Helper()
	owner := []metav1.OwnerReference{{APIVersion: "kubeflow.org/v2beta1", Kind: "MPIJob", Name: "dist1", UID: product.Job(t, namespace,
		"dist1").UID}}
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name, Namespace: namespace} }
	credentials := &corev1.Secret{ObjectMeta: meta("dist1-git-sync")}
	credentials.OwnerReferences = owner
	suite.Create(t, bob, credentials) // as runai does
	const reason = "only MPI Operator may delete what belongs to an MPIJob"
	collector := as(t, "system:serviceaccount:kube-system:generic-garbage-collector")
	for _, object := range []client.Object{
		&corev1.ConfigMap{ObjectMeta: meta("dist1-config")}, &corev1.Service{ObjectMeta: meta("dist1")},
		&corev1.Secret{ObjectMeta: meta("dist1-ssh")},
	} {
		if err := suite.Refused(bob.Delete(t.Context(), object, client.DryRunAll), reason); err != nil {
			t.Errorf("deleting %s: %s", object.GetName(), err)
		}
		if err := collector.Delete(t.Context(), object, client.DryRunAll); err != nil {
			t.Errorf("deleting %s as the garbage collector: %s", object.GetName(), err)
		}
	}
	if err := suite.Refused(bob.DeleteAllOf(t.Context(), &corev1.ConfigMap{}, client.InNamespace(namespace)), reason); err != nil {
		t.Errorf("deleting all: %s", err)
	}
	if err := bob.Delete(t.Context(), credentials); err != nil {
		t.Errorf("deleting credentials for git: %s", err)
	}
	settings := &corev1.ConfigMap{ObjectMeta: meta("settings")}
	settings.Labels = map[string]string{"mine": "true"}
	suite.Create(t, bob, settings)
	if err := bob.DeleteAllOf(t.Context(), &corev1.ConfigMap{}, client.InNamespace(namespace),
		client.MatchingLabels(settings.Labels)); err != nil {
		t.Errorf("deleting all of one's own: %s", err)
	}
}

// Nobody gives a colleague's worker another address.
func testEndpoints(t *testing.T, namespace string, bob client.Client) {
	t.Helper()
	host := "dist1-worker-0"
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: "steal", Namespace: namespace,
			Labels: map[string]string{discoveryv1.LabelServiceName: "dist1"}},
		AddressType: discoveryv1.AddressTypeIPv4, Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.9.9.9"}, Hostname: &host}},
	}
	//nolint:staticcheck // deprecated, but mirrored to EndpointSlices
	endpoints := &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Name: "dist1", Namespace: namespace}}
	for _, object := range []client.Object{slice, endpoints} {
		if err := suite.Refused(bob.Create(t.Context(), object.DeepCopyObject().(client.Object)),
			"only controllers may write Endpoints"); err != nil {
			t.Errorf("%T: %s", object, err)
		}
		suite.Create(t, as(t, kueue), object)
		object.SetLabels(map[string]string{"a": "b"})
		if err := suite.Refused(bob.Update(t.Context(), object), "only controllers may write Endpoints"); err != nil {
			t.Errorf("updating %T: %s", object, err)
		}
	}
}
