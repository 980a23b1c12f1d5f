package perturbed

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

var selector = &metav1.LabelSelector{
	MatchLabels:      map[string]string{"team": "a"},
	MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "tier", Operator: metav1.LabelSelectorOpIn, Values: []string{"b"}}},
}

// fill sets what a pod in the cluster's network can have.
func fill(template *corev1.PodTemplateSpec) {
	template.Labels = map[string]string{"team": "a"}
	template.Annotations = map[string]string{
		"example.com/note": "text", corev1.PodDeletionCost: "-5", "scheduler.alpha.kubernetes.io/tolerations": `[{"operator":"Exists"}]`,
		"seccomp.security.alpha.kubernetes.io/pod": "docker/default", "container.seccomp.security.alpha.kubernetes.io/mpi": "localhost/a",
		"container.apparmor.security.beta.kubernetes.io/mpi": "runtime/default", "container.apparmor.security.beta.kubernetes.io/side": "",
	}
	pod := &template.Spec
	pod.TerminationGracePeriodSeconds, pod.ActiveDeadlineSeconds = new(int64(20)), new(int64(3600))
	pod.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/ready"}}
	pod.ServiceAccountName, pod.PriorityClassName, pod.RuntimeClassName = "default", "high", new("kata")
	pod.Resources = resources("8", "8Gi")
	pod.ResourceClaims = []corev1.PodResourceClaim{{Name: "nic", ResourceClaimTemplateName: new("nic")}, {Name: "disk",
		ResourceClaimName: new("disk")}}
	pod.Overhead = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}
	pod.PreemptionPolicy = new(corev1.PreemptNever)
	pod.DNSPolicy = corev1.DNSNone
	pod.DNSConfig = &corev1.PodDNSConfig{
		Nameservers: []string{"10.0.0.1"}, Searches: []string{"cluster.local"}, Options: []corev1.PodDNSConfigOption{{Name: "ndots",
			Value: new("2")}},
	}
	pod.Hostname, pod.Subdomain, pod.HostnameOverride = "host", "sub", new("other.example.com")
	pod.HostAliases = []corev1.HostAlias{{IP: "10.0.0.2", Hostnames: []string{"a.example.com"}}}
	pod.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "registry"}}
	pod.OS = &corev1.PodOS{Name: corev1.Linux}
	pod.SecurityContext = &corev1.PodSecurityContext{
		RunAsUser: new(int64(0)), RunAsGroup: new(int64(0)), SupplementalGroups: []int64{5}, FSGroup: new(int64(7)),
		FSGroupChangePolicy: new(corev1.FSGroupChangeAlways), SupplementalGroupsPolicy: new(corev1.SupplementalGroupsPolicyMerge),
		Sysctls:             []corev1.Sysctl{{Name: "net.core.somaxconn", Value: "1"}, {Name: "kernel/shmmax", Value: "1"}},
		SELinuxChangePolicy: new(corev1.SELinuxChangePolicyMountOption),
		SeccompProfile:      &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	scheduling(pod)
	volumes(pod)
	pod.Containers = append(pod.Containers, corev1.Container{Name: "side", Image: "example/side"})
	pod.InitContainers = []corev1.Container{
		{Name: "init", Image: "example/init", Resources: *resources("1", "1Gi")},
		{Name: "car", Image: "example/car", RestartPolicy: new(corev1.ContainerRestartPolicyAlways), Resources: *resources("1", "1Gi")},
	}
	for _, container := range []*corev1.Container{&pod.Containers[0], &pod.InitContainers[1]} {
		fillContainer(container)
	}
}

func resources(cpu, memory string) *corev1.ResourceRequirements {
	list := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
	return &corev1.ResourceRequirements{Requests: list.DeepCopy(), Limits: list.DeepCopy()}
}

func scheduling(pod *corev1.PodSpec) {
	pod.NodeSelector = map[string]string{"zone": "a"}
	pod.Tolerations = []corev1.Toleration{
		{Key: "a", Operator: corev1.TolerationOpEqual, Value: "b", Effect: corev1.TaintEffectNoExecute, TolerationSeconds: new(int64(1))},
		{Operator: corev1.TolerationOpExists},
	}
	pod.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: selector.DeepCopy(),
		MinDomains:         new(int32(1)),
		NodeAffinityPolicy: new(corev1.NodeInclusionPolicyHonor), MatchLabelKeys: []string{"app"},
	}, {MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.ScheduleAnyway}}
	term := corev1.PodAffinityTerm{
		LabelSelector: selector.DeepCopy(), TopologyKey: "zone", Namespaces: []string{"a"}, NamespaceSelector: selector.DeepCopy(),
		MatchLabelKeys: []string{"app"}, MismatchLabelKeys: []string{"other"},
	}
	terms := corev1.PodAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution:  []corev1.PodAffinityTerm{*term.DeepCopy()},
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{Weight: 1, PodAffinityTerm: *term.DeepCopy()}},
	}
	anti := corev1.PodAntiAffinity(*terms.DeepCopy())
	node := corev1.NodeSelectorTerm{
		MatchExpressions: []corev1.NodeSelectorRequirement{
			{Key: "zone", Operator: corev1.NodeSelectorOpIn, Values: []string{"a"}}, {Key: "cores",
				Operator: corev1.NodeSelectorOpGt, Values: []string{"8"}},
		},
		MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: corev1.NodeSelectorOpNotIn,
			Values: []string{"node"}}},
	}
	pod.Affinity = &corev1.Affinity{PodAffinity: &terms, PodAntiAffinity: &anti, NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{*node.DeepCopy()},
		},
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 1, Preference: *node.DeepCopy()}},
	}}
	pod.SchedulingGates = []corev1.PodSchedulingGate{{Name: "example.com/gate"}}
}

func volumes(pod *corev1.PodSpec) {
	size := resource.MustParse("1Gi")
	pod.Volumes = []corev1.Volume{
		{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &size}}},
		{Name: "data",
			VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}},
		{Name: "disk",
			VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "disk"}}},
	}
}

func fillContainer(container *corev1.Container) {
	container.Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 80, HostPort: 8080, Protocol: corev1.ProtocolTCP},
		{ContainerPort: 81}}
	container.Env = []corev1.EnvVar{
		{Name: "A", Value: "a"}, variable("B",
			corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels['team']"}}),
		variable("C", corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.cpu",
			Divisor: resource.MustParse("1m")}}),
		variable("D",
			corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "s"},
				Key: "k"}}),
		variable("E",
			corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{
				LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Key: "k",
			}}),
		variable("F", corev1.EnvVarSource{FileKeyRef: &corev1.FileKeySelector{VolumeName: "scratch", Path: "env", Key: "k"}}),
	}
	container.EnvFrom = []corev1.EnvFromSource{
		{Prefix: "P_", SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}}},
		{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}}},
	}
	container.Resources = *resources("2", "2Gi")
	for _, list := range []corev1.ResourceList{container.Resources.Limits, container.Resources.Requests} {
		list["hugepages-2Mi"], list["nvidia.com/gpu"], list["ephemeral-storage"] = resource.MustParse("4Mi"),
			resource.MustParse("1"), resource.MustParse("1Gi")
	}
	container.Resources.Claims = []corev1.ResourceClaim{{Name: "nic", Request: "fast"}, {Name: "disk"}}
	container.ResizePolicy = []corev1.ContainerResizePolicy{{ResourceName: corev1.ResourceCPU, RestartPolicy: corev1.NotRequired}}
	container.RestartPolicyRules = nil
	container.VolumeMounts = []corev1.VolumeMount{
		{Name: "scratch", MountPath: "/scratch", SubPath: "a", BindMountOptions: nil},
		{Name: "data", MountPath: "/data", ReadOnly: true, RecursiveReadOnly: new(corev1.RecursiveReadOnlyIfPossible)},
		{Name: "data", MountPath: "/deep", SubPathExpr: "$(A)", MountPropagation: new(corev1.MountPropagationNone)},
	}
	container.VolumeDevices = []corev1.VolumeDevice{{Name: "disk", DevicePath: "/dev/disk"}}
	fillHooks(container)
}

func fillHooks(container *corev1.Container) {
	probe := func(handler corev1.ProbeHandler) *corev1.Probe {
		return &corev1.Probe{ProbeHandler: handler, InitialDelaySeconds: 1, SuccessThreshold: 1}
	}
	get := &corev1.HTTPGetAction{Port: intstr.FromString("http"), Path: "/", Scheme: corev1.URISchemeHTTP,
		HTTPHeaders: []corev1.HTTPHeader{{Name: "X-A", Value: "b"}}}
	container.LivenessProbe = probe(corev1.ProbeHandler{HTTPGet: get.DeepCopy()})
	container.ReadinessProbe = probe(corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}})
	container.LivenessProbe.HTTPGet.Protocol = new(corev1.HTTPProtocolHTTP2)
	container.StartupProbe = probe(corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 90}})
	container.Lifecycle = &corev1.Lifecycle{
		PostStart: &corev1.LifecycleHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(80)}},
		PreStop:   &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 5}}, StopSignal: new(corev1.SIGTERM),
	}
	container.SecurityContext = &corev1.SecurityContext{
		Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"NET_ADMIN"}}, RunAsUser: new(int64(0)), RunAsGroup: new(int64(0)),
		AllowPrivilegeEscalation: new(true), ProcMount: new(corev1.DefaultProcMount), Privileged: new(false),
		SeccompProfile:  &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeLocalhost, LocalhostProfile: new("a")},
		AppArmorProfile: &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeRuntimeDefault},
	}
}

func variable(name string, source corev1.EnvVarSource) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &source}
}

// fillOnNode sets what a pod on the node's network, or of Windows, can have.
func fillOnNode(template *corev1.PodTemplateSpec) {
	pod := &template.Spec
	pod.HostNetwork, pod.ShareProcessNamespace = true, new(true)
	main := &pod.Containers[0]
	main.Ports = []corev1.ContainerPort{{ContainerPort: 80}, {ContainerPort: 81, HostPort: 81, Protocol: corev1.ProtocolUDP}}
	main.RestartPolicy = new(corev1.ContainerRestartPolicyNever)
	main.RestartPolicyRules = []corev1.ContainerRestartRule{{
		Action:    corev1.ContainerRestartRuleActionRestart,
		ExitCodes: &corev1.ContainerRestartRuleOnExitCodes{Operator: corev1.ContainerRestartRuleOnExitCodesOpIn, Values: []int32{1}},
	}}
	pod.OS = &corev1.PodOS{Name: corev1.Windows}
	options := &corev1.WindowsSecurityContextOptions{
		RunAsUserName: new(`DOMAIN\user`), GMSACredentialSpecName: new("spec"), GMSACredentialSpec: new("{}"), HostProcess: new(true),
	}
	pod.SecurityContext = &corev1.PodSecurityContext{WindowsOptions: options}
	pod.ShareProcessNamespace = nil
	main.SecurityContext = &corev1.SecurityContext{WindowsOptions: options.DeepCopy()}
	pod.Containers = append(pod.Containers, corev1.Container{Name: "side", Image: "example/side",
		Ports: []corev1.ContainerPort{{ContainerPort: 82}}})
}

// fillVolumes sets a volume of each kind.
func fillVolumes(template *corev1.PodTemplateSpec) {
	pod := &template.Spec
	items := []corev1.KeyToPath{{Key: "k", Path: "dir/file", Mode: new(int32(0o444))}}
	ref := corev1.LocalObjectReference{Name: "s"}
	files := []corev1.DownwardAPIVolumeFile{
		{Path: "labels", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels"}, Mode: new(int32(0o400))},
		{Path: "cpu", ResourceFieldRef: &corev1.ResourceFieldSelector{ContainerName: "mpi", Resource: "limits.cpu"}},
	}
	claim := corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, Selector: selector.DeepCopy(),
		StorageClassName: new("fast"),
		VolumeMode:       new(corev1.PersistentVolumeFilesystem), VolumeAttributesClassName: new("gold"),
		Resources:     corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		DataSource:    &corev1.TypedLocalObjectReference{Kind: "PersistentVolumeClaim", Name: "a"},
		DataSourceRef: &corev1.TypedObjectReference{Kind: "PersistentVolumeClaim", Name: "a"},
	}
	for i, source := range append([]corev1.VolumeSource{
		{EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory}},
		{HostPath: &corev1.HostPathVolumeSource{Path: "/data", Type: new(corev1.HostPathDirectory)}},
		{Secret: &corev1.SecretVolumeSource{SecretName: "s", Items: items, DefaultMode: new(int32(0o400))}},
		{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: ref, Items: items, DefaultMode: new(int32(0o400))}},
		{DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: files, DefaultMode: new(int32(0o400))}},
		{Projected: projected(files, ref)},
		{Ephemeral: &corev1.EphemeralVolumeSource{VolumeClaimTemplate: &corev1.PersistentVolumeClaimTemplate{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"a": "b"}}, Spec: claim,
		}}},
		{NFS: &corev1.NFSVolumeSource{Server: "nfs", Path: "/data"}},
		{CSI: &corev1.CSIVolumeSource{Driver: "csi.example.com", NodePublishSecretRef: &ref}},
		{Image: &corev1.ImageVolumeSource{Reference: "example/data", PullPolicy: corev1.PullAlways}},
	}, drivers(ref)...) {
		name := string(rune('a'+i/26)) + string(rune('a'+i%26))
		pod.Volumes = append(pod.Volumes, corev1.Volume{Name: name, VolumeSource: source})
		pod.Containers[0].VolumeMounts = append(pod.Containers[0].VolumeMounts, corev1.VolumeMount{Name: name, MountPath: "/" + name})
	}
}

func projected(files []corev1.DownwardAPIVolumeFile, ref corev1.LocalObjectReference) *corev1.ProjectedVolumeSource {
	return &corev1.ProjectedVolumeSource{DefaultMode: new(int32(0o400)), Sources: []corev1.VolumeProjection{
		{Secret: &corev1.SecretProjection{LocalObjectReference: ref, Items: []corev1.KeyToPath{{Key: "k", Path: "secret"}}}},
		{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: ref, Items: []corev1.KeyToPath{{Key: "k", Path: "config"}}}},
		{DownwardAPI: &corev1.DownwardAPIProjection{Items: files}},
		{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: new(int64(600))}},
		{ClusterTrustBundle: &corev1.ClusterTrustBundleProjection{SignerName: new("example.com/signer"),
			LabelSelector: selector.DeepCopy(), Path: "ca"}},
		{ClusterTrustBundle: &corev1.ClusterTrustBundleProjection{Name: new("example.com:signer:a"), Path: "ca2"}},
		{PodCertificate: &corev1.PodCertificateProjection{
			SignerName: "example.com/signer", KeyType: "ED25519", MaxExpirationSeconds: new(int32(86400)), KeyPath: "key",
			CertificateChainPath: "chain",
			UserAnnotations:      map[string]string{"example.com/a": "b"},
		}},
	}}
}

// drivers are the kinds of old drivers.
func drivers(ref corev1.LocalObjectReference) []corev1.VolumeSource {
	return []corev1.VolumeSource{
		{GitRepo: &corev1.GitRepoVolumeSource{Repository: "https://example.com/a", Directory: "a"}},
		{GCEPersistentDisk: &corev1.GCEPersistentDiskVolumeSource{PDName: "a", Partition: 1}},
		{AWSElasticBlockStore: &corev1.AWSElasticBlockStoreVolumeSource{VolumeID: "a", Partition: 1}},
		{ISCSI: &corev1.ISCSIVolumeSource{
			TargetPortal: "10.0.0.1:3260", IQN: "iqn.2001-04.com.example:storage", Lun: 1,
			InitiatorName: new("eui.0123456789abcdef"), SessionCHAPAuth: true, SecretRef: &ref,
		}},
		{Glusterfs: &corev1.GlusterfsVolumeSource{EndpointsName: "a", Path: "a"}},
		{RBD: &corev1.RBDVolumeSource{CephMonitors: []string{"a"}, RBDImage: "a"}},
		{FlexVolume: &corev1.FlexVolumeSource{Driver: "a", Options: map[string]string{"a": "b"}}},
		{Cinder: &corev1.CinderVolumeSource{VolumeID: "a", SecretRef: &ref}},
		{CephFS: &corev1.CephFSVolumeSource{Monitors: []string{"a"}}},
		{Flocker: &corev1.FlockerVolumeSource{DatasetName: "a"}},
		{FC: &corev1.FCVolumeSource{TargetWWNs: []string{"a"}, Lun: new(int32(1))}},
		{AzureFile: &corev1.AzureFileVolumeSource{SecretName: "a", ShareName: "a"}},
		{VsphereVolume: &corev1.VsphereVirtualDiskVolumeSource{VolumePath: "a"}},
		{Quobyte: &corev1.QuobyteVolumeSource{Registry: "a:1,b:2", Volume: "a", Tenant: "a"}},
		{AzureDisk: &corev1.AzureDiskVolumeSource{
			DiskName: "a", DataDiskURI: "https://a", CachingMode: new(corev1.AzureDataDiskCachingNone),
			Kind: new(corev1.AzureSharedBlobDisk),
		}},
		{PhotonPersistentDisk: &corev1.PhotonPersistentDiskVolumeSource{PdID: "a"}},
		{PortworxVolume: &corev1.PortworxVolumeSource{VolumeID: "a"}},
		{ScaleIO: &corev1.ScaleIOVolumeSource{Gateway: "a", System: "a", VolumeName: "a", SecretRef: &ref}},
		{StorageOS: &corev1.StorageOSVolumeSource{VolumeName: "a", VolumeNamespace: "a", SecretRef: &ref}},
	}
}
