package forgery

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/shared/mpijobtest"
)

func hostPath(path string, kind corev1.HostPathType) corev1.VolumeSource {
	return corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: path, Type: &kind}}
}

func nfs(server, path string) corev1.VolumeSource {
	return corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: server, Path: path}}
}

// withStorage is a project that requires identities and lists storage of its own.
var withStorage = v1alpha1.ProjectSpec{Identity: v1alpha1.IdentityRequired, SharedStorage: v1alpha1.SharedStorage{
	HostPaths: []string{"/data/team"}, NFS: []string{"nas:/export/team"},
}}

// A user mounts a path of the node: the Secrets of other pods, a colleague's directory, or a socket.
func TestT28HostPath(t *testing.T) {
	const reason = "must be exactly /scratch in project t28"
	var attempts []attempt
	for _, path := range []string{
		"/", "/proc", "/var/lib/kubelet/pods", "/run/containerd/containerd.sock", "/home/bob", "/scratch/bob", "/scratch/",
		"//scratch", "/scratch/.", "/data/../scratch", "scratch", "/SCRATCH",
	} {
		attempts = append(attempts, attempt{path, volume(hostPath(path, corev1.HostPathUnset)), reason})
	}
	try(t, "t28", append(attempts,
		attempt{"a directory that the node makes", volume(hostPath("/scratch", corev1.HostPathDirectoryOrCreate)),
			"the node must not create paths"},
		attempt{"a file that the node makes", volume(hostPath("/scratch", corev1.HostPathFileOrCreate)), "the node must not create paths"},
	))
	namespace, alice := product.AddProject(t, "t28-lists", withStorage), login(t, broker, alices)
	isAdmitted(t, alice, namespace, "the cluster's path", volume(hostPath("/scratch", corev1.HostPathDirectory)))
	isAdmitted(t, alice, namespace, "the project's path", volume(hostPath("/data/team", corev1.HostPathUnset)))
	optional := product.AddProject(t, "t28-optional", v1alpha1.ProjectSpec{})
	isAdmitted(t, alice, optional, "any path without identities", volume(hostPath("/home/bob", corev1.HostPathDirectoryOrCreate)))
	denied := withStorage
	denied.Restrictions.HostPath = v1alpha1.Deny
	job := mpijobtest.MakeMPIJob("denied", product.AddProject(t, "t28-denied", denied)).Obj()
	volume(hostPath("/scratch", corev1.HostPathUnset))(job)
	isRefused(t, "a path where all are denied", alice.Create(t.Context(), job), "set restrictions.hostPath to Allow")
}

// A user mounts a directory below a colleague's 0700 home: by an NFS path, or by a subPath of a claim, which the
// node resolves as root.
func TestT29NFSAndSubPath(t *testing.T) {
	const reason = "must be exactly nas:/export/scratch in project t29"
	var attempts []attempt
	for _, export := range [][2]string{
		{"nas", "/export/home/bob"}, {"nas", "/export/scratch/bob"}, {"nas", "/export/scratch/"}, {"nas", "/export/../export/scratch"},
		{"nas", "/"}, {"nas.example.com", "/export/scratch"}, {"NAS", "/export/scratch"}, {"nas:/export", "/scratch"},
	} {
		attempts = append(attempts, attempt{export[0] + " " + export[1], volume(nfs(export[0], export[1])), reason})
	}
	for what, source := range map[string]corev1.VolumeSource{
		"a claim": claim, "an export": nfs("nas", "/export/scratch"), "a path": hostPath("/scratch", corev1.HostPathUnset),
		"a driver":           {CSI: &corev1.CSIVolumeSource{Driver: "vault.example.com"}},
		"an ephemeral claim": ephemeral(func(*corev1.PersistentVolumeClaimTemplate) {}),
	} {
		path := corev1.VolumeMount{MountPath: "/bob", SubPath: "bob"}
		expression := corev1.VolumeMount{MountPath: "/bob", SubPathExpr: "$(WHO)"}
		attempts = append(attempts,
			attempt{"a subPath of " + what, mounting(source, path), "is not allowed for shared storage"},
			attempt{"an expression of " + what, mounting(source, expression), "is not allowed for shared storage"})
	}
	attempts = append(attempts, attempt{"a subPath in an init container", inLauncher(func(spec *corev1.PodSpec) {
		spec.Volumes = append(spec.Volumes, corev1.Volume{Name: "team", VolumeSource: claim})
		spec.InitContainers = append(spec.InitContainers, corev1.Container{Name: "init", Image: "x",
			VolumeMounts: []corev1.VolumeMount{{Name: "team", MountPath: "/bob", SubPath: "home/bob"}}})
	}), "is not allowed for shared storage"})
	try(t, "t29", attempts)
	namespace, alice := product.AddProject(t, "t29-lists", withStorage), login(t, broker, alices)
	isAdmitted(t, alice, namespace, "the cluster's export", volume(nfs("nas", "/export/scratch")))
	isAdmitted(t, alice, namespace, "the project's export", volume(nfs("nas", "/export/team")))
	isAdmitted(t, alice, namespace, "a claim", volume(claim))
	isAdmitted(t, alice, namespace, "a key of a ConfigMap", mounting(settings, corev1.VolumeMount{MountPath: "/settings", SubPath: "a"}))
}

func ephemeral(change func(*corev1.PersistentVolumeClaimTemplate)) corev1.VolumeSource {
	template := &corev1.PersistentVolumeClaimTemplate{Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
	}}
	change(template)
	return corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{VolumeClaimTemplate: template}}
}

// A user mounts a volume of a kind whose contents somebody else chose, or that the node mounts as root.
func TestT34VolumeKinds(t *testing.T) {
	const kinds, contents = "is not allowed in project t34: use a PersistentVolumeClaim", "could give the job the data of another user"
	try(t, "t34", []attempt{
		{"rbd", volume(corev1.VolumeSource{RBD: &corev1.RBDVolumeSource{CephMonitors: []string{"a"}, RBDImage: "bob"}}), kinds},
		{"iscsi", volume(corev1.VolumeSource{ISCSI: &corev1.ISCSIVolumeSource{TargetPortal: "a", IQN: "b"}}), kinds},
		{"cephfs", volume(corev1.VolumeSource{CephFS: &corev1.CephFSVolumeSource{Monitors: []string{"a"}, Path: "/home/bob"}}), kinds},
		{"glusterfs", volume(corev1.VolumeSource{Glusterfs: &corev1.GlusterfsVolumeSource{EndpointsName: "a", Path: "bob"}}), kinds},
		{"flexVolume", volume(corev1.VolumeSource{FlexVolume: &corev1.FlexVolumeSource{Driver: "example.com/cifs"}}), kinds},
		{"gitRepo", volume(corev1.VolumeSource{GitRepo: &corev1.GitRepoVolumeSource{Repository: "https://git.example.com/code"}}), kinds},
		{"fc", volume(corev1.VolumeSource{FC: &corev1.FCVolumeSource{WWIDs: []string{"a"}}}), kinds},
		{"portworx", volume(corev1.VolumeSource{PortworxVolume: &corev1.PortworxVolumeSource{VolumeID: "bob"}}), kinds},
		{"a disk", volume(corev1.VolumeSource{AWSElasticBlockStore: &corev1.AWSElasticBlockStoreVolumeSource{VolumeID: "bob"}}), kinds},
		{"a kind that nobody knows", volume(corev1.VolumeSource{}), "must have a kind that this cluster's policies know"},
		{"a driver", volume(corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{Driver: "nfs.csi.k8s.io",
			VolumeAttributes: map[string]string{"server": "nas", "share": "/export/home/bob"}}}),
			"must be exactly vault.example.com in project t34"},
		{"bob's volume", volume(ephemeral(func(c *corev1.PersistentVolumeClaimTemplate) { c.Spec.VolumeName = "bobs" })), contents},
		{"a volume like bob's", volume(ephemeral(func(c *corev1.PersistentVolumeClaimTemplate) {
			c.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"of": "bob"}}
		})), contents},
		{"a clone of bob's claim", volume(ephemeral(func(c *corev1.PersistentVolumeClaimTemplate) {
			c.Spec.DataSource = &corev1.TypedLocalObjectReference{Kind: "PersistentVolumeClaim", Name: "bobs"}
		})), contents},
		{"a snapshot of bob's", volume(ephemeral(func(c *corev1.PersistentVolumeClaimTemplate) {
			c.Spec.DataSourceRef = &corev1.TypedObjectReference{Kind: "VolumeSnapshot", Name: "bobs"}
		})), contents},
		{"bob's directory of a provisioner", volume(ephemeral(func(c *corev1.PersistentVolumeClaimTemplate) {
			c.Annotations = map[string]string{"nfs.io/storage-path": "home/bob"}
		})), "could make the provisioner use the data of another user"},
	})
	namespace, alice := product.AddProject(t, "t34-own", required), login(t, broker, alices)
	for name, source := range map[string]corev1.VolumeSource{
		"a new claim":     ephemeral(func(*corev1.PersistentVolumeClaimTemplate) {}),
		"a listed driver": {CSI: &corev1.CSIVolumeSource{Driver: "vault.example.com"}},
		"an image":        {Image: &corev1.ImageVolumeSource{Reference: "example/model"}},
		"an emptyDir":     ownDirectory,
		"a claim":         claim,
		"a secret":        {Secret: &corev1.SecretVolumeSource{SecretName: "wandb"}},
	} {
		isAdmitted(t, alice, namespace, name, volume(source))
	}
}

// A Project cannot list a path that is not clean, which nobody could use, or one that means another.
func TestProjectsListCleanPaths(t *testing.T) {
	project := func(storage v1alpha1.SharedStorage) error {
		object := &v1alpha1.Project{ObjectMeta: metav1.ObjectMeta{Name: "clean"}, Spec: v1alpha1.ProjectSpec{SharedStorage: storage}}
		return product.Client.Create(t.Context(), object, client.DryRunAll)
	}
	for _, path := range []string{"", "/", "a", "/a/", "//a", "/a//b", "/.", "/..", "/a/../b", "/a/./b", "/a/..", "/a:b"} {
		isRefused(t, "the path "+path, project(v1alpha1.SharedStorage{HostPaths: []string{path}}), "spec.sharedStorage.hostPaths[0]")
		isRefused(t, "the export "+path, project(v1alpha1.SharedStorage{NFS: []string{"nas:" + path}}), "spec.sharedStorage.nfs[0]")
	}
	for _, export := range []string{"/a", ":/a", "nas/a:/b", "nas a:/b"} {
		isRefused(t, "the export "+export, project(v1alpha1.SharedStorage{NFS: []string{export}}), "spec.sharedStorage.nfs[0]")
	}
	clean := v1alpha1.SharedStorage{
		HostPaths: []string{"/a", "/a/.b", "/a/..b", "/a/b.c/...", "/a b"},
		NFS:       []string{"nas:/a", "10.0.0.1:/a/b", "nas.example.com:/a/.b", "[fe80::1]:/a"},
	}
	if err := project(clean); err != nil {
		t.Error(err)
	}
}
