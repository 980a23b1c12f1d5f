package forgery

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func podVolume(source corev1.VolumeSource, mount corev1.VolumeMount) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		mount.Name, mount.MountPath = "reach", "/reach"
		p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: mount.Name, VolumeSource: source})
		p.Spec.InitContainers[0].VolumeMounts = append(p.Spec.InitContainers[0].VolumeMounts, mount)
	}
}

func csi(driver, secret string) corev1.VolumeSource {
	volume := &corev1.CSIVolumeSource{Driver: driver}
	if secret != "" {
		volume.NodePublishSecretRef = &corev1.LocalObjectReference{Name: secret}
	}
	return corev1.VolumeSource{CSI: volume}
}

// People's pods reach what their jobs could reach.
func TestT49Reach(t *testing.T) {
	namespace, alice := product.AddProject(t, "t49", required), login(t, broker, alices)
	applyBackstop(t, "reach")
	pod, none := confinedPod(namespace), corev1.VolumeMount{}
	request := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Host: "169.254.169.254",
		Port: intstr.FromInt32(80)}}}
	dial := &corev1.LifecycleHandler{TCPSocket: &corev1.TCPSocketAction{Host: "127.0.0.1", Port: intstr.FromInt32(80)}}
	get := &corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{Host: "127.0.0.1", Port: intstr.FromInt32(80)}}
	inMain := func(change func(*corev1.Container)) func(*corev1.Pod) {
		return func(p *corev1.Pod) { change(&p.Spec.Containers[0]) }
	}
	const path, export, contents, sub, host = "hostPath must be a path", "nfs must be an export", "must not choose its contents",
		"a subPath", "must not set a host"
	tryPods(t, alice, pod, []podAttempt{
		{"a path of the node", podVolume(hostPath("/proc", ""), none), path},
		{"a path below a listed one", podVolume(hostPath("/scratch/bob", ""), none), path},
		{"a path that the kubelet creates", podVolume(hostPath("/scratch", corev1.HostPathDirectoryOrCreate), none),
			"must not create the path"},
		{"a file that the kubelet creates", podVolume(hostPath("/scratch", corev1.HostPathFileOrCreate), none), "must not create the path"},
		{"an export", podVolume(nfs("nas", "/export"), none), export},
		{"a path below an export", podVolume(nfs("nas", "/export/scratch/bob"), none), export},
		{"another server", podVolume(nfs("nas2", "/export/scratch"), none), export},
		{"a CSI driver", podVolume(csi("nfs.csi.k8s.io", ""), none), "csi must name a driver"},
		{"a kind", podVolume(corev1.VolumeSource{ISCSI: &corev1.ISCSIVolumeSource{TargetPortal: "a", IQN: "iqn.2001-04.com.example:a"}},
			none), "a kind that is not allowed"},
		{"a volume of somebody else", podVolume(ephemeral(func(c *corev1.PersistentVolumeClaimTemplate) { c.Spec.VolumeName = "bobs" }),
			none), contents},
		{"a selector", podVolume(ephemeral(func(c *corev1.PersistentVolumeClaimTemplate) { c.Spec.Selector = &metav1.LabelSelector{} }),
			none), contents},
		{"a clone", podVolume(ephemeral(func(c *corev1.PersistentVolumeClaimTemplate) {
			c.Spec.DataSource = &corev1.TypedLocalObjectReference{Kind: "PersistentVolumeClaim", Name: "bobs"}
		}), none), contents},
		{"an annotation of a claim", podVolume(ephemeral(func(c *corev1.PersistentVolumeClaimTemplate) {
			c.Annotations = map[string]string{"nfs.io/storage-path": "bob"}
		}), none), "must not have annotations"},
		{"a directory of a claim", podVolume(claim, corev1.VolumeMount{SubPath: "home/bob"}), sub},
		{"an expression", podVolume(claim, corev1.VolumeMount{SubPathExpr: "home/$(USER)"}), sub},
		{"a directory of a listed path", podVolume(hostPath("/scratch", ""), corev1.VolumeMount{SubPath: "bob"}), sub},
		{"a worker", func(p *corev1.Pod) {
			p.Labels = map[string]string{"training.kubeflow.org/operator-name": "mpi-operator"}
		}, "only MPI Operator may create pods"},
		{"hostNetwork", func(p *corev1.Pod) { p.Spec.HostNetwork = true }, "hostNetwork is not allowed"},
		{"hostIPC", func(p *corev1.Pod) { p.Spec.HostIPC = true }, "hostIPC is not allowed"},
		{"hostPort", inMain(func(c *corev1.Container) { c.Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 80}} }),
			"hostPort is not allowed"},
		{"a liveness probe", inMain(func(c *corev1.Container) { c.LivenessProbe = request }), host},
		{"a readiness probe", inMain(func(c *corev1.Container) { c.ReadinessProbe = request }), host},
		{"a startup probe", inMain(func(c *corev1.Container) { c.StartupProbe = request }), host},
		{"a hook at the start", inMain(func(c *corev1.Container) { c.Lifecycle = &corev1.Lifecycle{PostStart: dial} }), host},
		{"a hook at the end", inMain(func(c *corev1.Container) { c.Lifecycle = &corev1.Lifecycle{PreStop: get} }), host},
	})
	request.HTTPGet.Host = ""
	accepts(t, alice, pod, map[string]func(*corev1.Pod){
		"a listed path": podVolume(hostPath("/scratch", corev1.HostPathDirectory), none), "a listed export": podVolume(nfs("nas",
			"/export/scratch"), none),
		"a listed driver": podVolume(csi("vault.example.com", "mine"), none), "a claim": podVolume(claim, none),
		"a new claim":              podVolume(ephemeral(func(*corev1.PersistentVolumeClaimTemplate) {}), none),
		"a subPath of a ConfigMap": podVolume(settings, corev1.VolumeMount{SubPath: "a"}),
		"a directory of its own":   podVolume(ownDirectory, corev1.VolumeMount{SubPath: "a"}),
		"a probe of the pod":       inMain(func(c *corev1.Container) { c.LivenessProbe = request }),
	})
	accepts(t, as(t, kueue), pod, map[string]func(*corev1.Pod){"a controller": podVolume(nfs("nas", "/export"), none)})
}

// The Secrets of jobs are out of reach of people's pods.
func TestT50OthersSecrets(t *testing.T) {
	namespace, alice := product.AddProject(t, "t50", required), login(t, broker, alices)
	applyBackstop(t, "reach")
	secret := func(name string) corev1.VolumeSource {
		return corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name}}
	}
	projected := func(name string) corev1.VolumeSource {
		return corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: name}}},
		}}}
	}
	variable := func(name string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Spec.InitContainers[0].Env = []corev1.EnvVar{{Name: "A", ValueFrom: &corev1.EnvVarSource{
				SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: "a"},
			}}}
		}
	}
	variables := func(name string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			secret := &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}
			p.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{SecretRef: secret}}
		}
	}
	none := corev1.VolumeMount{}
	tryPods(t, alice, confinedPod(namespace), []podAttempt{
		{"a volume", podVolume(secret("dist1-ssh"), none), "a volume names a Secret of a job"},
		{"credentials", podVolume(secret("dist1-git-sync"), none), "a volume names a Secret of a job"},
		{"a driver's Secret", podVolume(csi("vault.example.com", "dist1-ssh"), none), "a volume names a Secret of a job"},
		{"a projected volume", podVolume(projected("dist1-git-sync"), none), "a projected volume names a Secret of a job"},
		{"a variable", variable("dist1-ssh"), "a variable names a Secret of a job"},
		{"all variables", variables("dist1-git-sync"), "envFrom names a Secret of a job"},
	})
	accepts(t, alice, confinedPod(namespace), map[string]func(*corev1.Pod){
		"a volume": podVolume(secret("mine"), none), "a projected volume": podVolume(projected("ssh"), none),
		"a variable": variable("my-ssh-key"), "all variables": variables("git-sync-settings"),
	})
}

// What runtimes and injectors read is not in people's pods.
func TestT51PodAnnotations(t *testing.T) {
	namespace, alice := product.AddProject(t, "t51", required), login(t, broker, alices)
	applyBackstop(t, "reach")
	const reason = "is not listed in identity.podAnnotations"
	tryPods(t, alice, confinedPod(namespace), []podAttempt{
		{"an injector", podAnnotated("sidecar.istio.io/inject", "true"), reason},
		{"Kata", podAnnotated("io.katacontainers.config.hypervisor.path", "/x"), reason},
		{"gVisor", podAnnotated("dev.gvisor.spec.mount", "x"), reason},
		{"a stamp", podAnnotated("run.ai/submitted-by", "{}"), reason},
		{"a passwd file", podAnnotated("files.run.ai/passwd", "x"), reason},
		{"like a listed domain", podAnnotated("xkueue.x-k8s.io/a", "x"), reason},
		{"like a listed key", podAnnotated("gpu-fraction/a", "x"), reason},
	})
	accepts(t, alice, confinedPod(namespace), map[string]func(*corev1.Pod){
		"a listed domain": podAnnotated("kueue.x-k8s.io/a", "x"), "a listed key": podAnnotated("gpu-fraction", "0.5"),
		"the limit ranger's": podAnnotated("kubernetes.io/limit-ranger", "x"),
	})
}
