package pods

import (
	"net"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/names"
)

// storageKinds are the kinds of old drivers. CSI has replaced most of them.
var storageKinds = []kind{
	{
		"glusterfs", func(v *corev1.VolumeSource) bool { return v.Glusterfs != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("endpoints"), v.Glusterfs.EndpointsName)
			c.required(path.Child("path"), v.Glusterfs.Path)
		},
	},
	{
		"azureFile", func(v *corev1.VolumeSource) bool { return v.AzureFile != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("secretName"), v.AzureFile.SecretName)
			c.required(path.Child("shareName"), v.AzureFile.ShareName)
		},
	},
	{
		"vsphereVolume", func(v *corev1.VolumeSource) bool { return v.VsphereVolume != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("volumePath"), v.VsphereVolume.VolumePath)
		},
	},
	{
		"photonPersistentDisk", func(v *corev1.VolumeSource) bool { return v.PhotonPersistentDisk != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("pdID"), v.PhotonPersistentDisk.PdID)
		},
	},
	{
		"portworxVolume", func(v *corev1.VolumeSource) bool { return v.PortworxVolume != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("volumeID"), v.PortworxVolume.VolumeID)
		},
	},
	{
		"scaleIO", func(v *corev1.VolumeSource) bool { return v.ScaleIO != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("gateway"), v.ScaleIO.Gateway)
			c.required(path.Child("system"), v.ScaleIO.System)
			c.required(path.Child("volumeName"), v.ScaleIO.VolumeName)
		},
	},
	{
		"rbd", func(v *corev1.VolumeSource) bool { return v.RBD != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("image"), v.RBD.RBDImage)
			c.anyOf(path.Child("monitors"), v.RBD.CephMonitors)
		},
	},
	{
		"cephfs", func(v *corev1.VolumeSource) bool { return v.CephFS != nil },
		func(c *checker, v *corev1.Volume, path place) { c.anyOf(path.Child("monitors"), v.CephFS.Monitors) },
	},
	{
		"gitRepo", func(v *corev1.VolumeSource) bool { return v.GitRepo != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("repository"), v.GitRepo.Repository)
			c.localPath(path.Child("directory"), v.GitRepo.Directory)
		},
	},
	{
		"gcePersistentDisk", func(v *corev1.VolumeSource) bool { return v.GCEPersistentDisk != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("pdName"), v.GCEPersistentDisk.PDName)
			c.within(path.Child("partition"), int64(v.GCEPersistentDisk.Partition), 0, 255)
		},
	},
	{
		"awsElasticBlockStore", func(v *corev1.VolumeSource) bool { return v.AWSElasticBlockStore != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("volumeID"), v.AWSElasticBlockStore.VolumeID)
			c.within(path.Child("partition"), int64(v.AWSElasticBlockStore.Partition), 0, 255)
		},
	},
	{
		"cinder", func(v *corev1.VolumeSource) bool { return v.Cinder != nil },
		func(c *checker, v *corev1.Volume, path place) {
			c.required(path.Child("volumeID"), v.Cinder.VolumeID)
			c.secretRef(path, v.Cinder.SecretRef)
		},
	},
	{
		"iscsi", func(v *corev1.VolumeSource) bool { return v.ISCSI != nil },
		func(c *checker, v *corev1.Volume, path place) { c.iscsi(v, path) },
	},
	{
		"fc", func(v *corev1.VolumeSource) bool { return v.FC != nil },
		func(c *checker, v *corev1.Volume, path place) { c.fibreChannel(v.FC, path) },
	},
	{
		"flocker", func(v *corev1.VolumeSource) bool { return v.Flocker != nil },
		func(c *checker, v *corev1.Volume, path place) { c.flocker(v.Flocker, path) },
	},
	{
		"flexVolume", func(v *corev1.VolumeSource) bool { return v.FlexVolume != nil },
		func(c *checker, v *corev1.Volume, path place) { c.flex(v.FlexVolume, path) },
	},
	{
		"quobyte", func(v *corev1.VolumeSource) bool { return v.Quobyte != nil },
		func(c *checker, v *corev1.Volume, path place) { c.quobyte(v.Quobyte, path) },
	},
	{
		"azureDisk", func(v *corev1.VolumeSource) bool { return v.AzureDisk != nil },
		func(c *checker, v *corev1.Volume, path place) { c.azureDisk(v.AzureDisk, path) },
	},
	{
		"storageos", func(v *corev1.VolumeSource) bool { return v.StorageOS != nil },
		func(c *checker, v *corev1.Volume, path place) { c.storageOS(v.StorageOS, path) },
	},
}

func (c *checker) anyOf(path place, list []string) {
	if len(list) == 0 {
		c.required(path, "")
	}
}

func (c *checker) storageOS(of *corev1.StorageOSVolumeSource, path place) {
	if c.required(path.Child("volumeName"), of.VolumeName) {
		c.label(path.Child("volumeName"), of.VolumeName)
	}
	if of.VolumeNamespace != "" {
		c.label(path.Child("volumeNamespace"), of.VolumeNamespace)
	}
	c.secretRef(path, of.SecretRef)
}

func (c *checker) secretRef(path place, ref *corev1.LocalObjectReference) {
	if ref != nil {
		c.required(path.Child("secretRef", "name"), ref.Name)
	}
}

var initiator = regexp.MustCompile(`^(iqn\.\d{4}-\d{2}\.[[:alnum:]-.]+(:[^,;*&$|\s]+)|eui.[[:alnum:]]{16}|naa.[[:alnum:]]{32})$`)

func (c *checker) iscsi(volume *corev1.Volume, path place) {
	of := volume.ISCSI
	c.required(path.Child("targetPortal"), of.TargetPortal)
	if c.required(path.Child("iqn"), of.IQN) && !initiator.MatchString(of.IQN) {
		c.invalid(path.Child("iqn"), of.IQN, "must be a name such as iqn.2001-04.com.example:storage")
	}
	if name := of.InitiatorName; name != nil {
		if !initiator.MatchString(*name) {
			c.invalid(path.Child("initiatorName"), *name, "must be a name such as iqn.2001-04.com.example:storage")
		}
		if len(volume.Name)+len(":")+len(of.TargetPortal) > 64 {
			c.invalid(path.Child("targetPortal"), of.TargetPortal, "must have at most 63 characters together with the name of the volume: use a shorter name")
		}
	}
	c.within(path.Child("lun"), int64(of.Lun), 0, 255)
	if (of.DiscoveryCHAPAuth || of.SessionCHAPAuth) && of.SecretRef == nil {
		c.required(path.Child("secretRef"), "")
	}
}

func (c *checker) fibreChannel(of *corev1.FCVolumeSource, path place) {
	var set []string
	if len(of.TargetWWNs) > 0 {
		set = append(set, "targetWWNs")
		if of.Lun == nil {
			c.required(path.Child("lun"), "")
		} else {
			c.within(path.Child("lun"), int64(*of.Lun), 0, 255)
		}
	}
	if len(of.WWIDs) > 0 {
		set = append(set, "wwids")
	}
	c.only(path, "one of targetWWNs and wwids", set...)
}

func (c *checker) flocker(of *corev1.FlockerVolumeSource, path place) {
	var set []string
	if of.DatasetName != "" {
		set = append(set, "datasetName")
	}
	if of.DatasetUUID != "" {
		set = append(set, "datasetUUID")
	}
	c.only(path, "one of datasetName and datasetUUID", set...)
	if strings.Contains(of.DatasetName, "/") {
		c.invalid(path.Child("datasetName"), of.DatasetName, "must not contain '/'")
	}
}

func (c *checker) flex(of *corev1.FlexVolumeSource, path place) {
	c.required(path.Child("driver"), of.Driver)
	for _, key := range sortedKeys(of.Options) {
		domain, _, _ := strings.Cut(key, "/")
		domain = "." + strings.ToLower(domain)
		if strings.HasSuffix(domain, ".kubernetes.io") || strings.HasSuffix(domain, ".k8s.io") {
			c.forbidden(path.Child("options").Key(key), "is reserved for Kubernetes: remove it")
		}
	}
}

func (c *checker) quobyte(of *corev1.QuobyteVolumeSource, path place) {
	c.required(path.Child("volume"), of.Volume)
	if !c.required(path.Child("registry"), of.Registry) {
		return
	}
	if len(of.Tenant) > 64 {
		c.invalid(path.Child("tenant"), of.Tenant, "must have at most 64 characters")
		return
	}
	for pair := range strings.SplitSeq(of.Registry, ",") {
		if _, _, err := net.SplitHostPort(pair); err != nil {
			c.invalid(path.Child("registry"), of.Registry, "must be pairs HOST:PORT, separated by commas")
			return
		}
	}
}

func (c *checker) azureDisk(of *corev1.AzureDiskVolumeSource, path place) {
	c.required(path.Child("diskName"), of.DiskName)
	c.required(path.Child("diskURI"), of.DataDiskURI)
	if of.CachingMode != nil {
		choice(c, path.Child("cachingMode"), *of.CachingMode,
			corev1.AzureDataDiskCachingNone, corev1.AzureDataDiskCachingReadOnly, corev1.AzureDataDiskCachingReadWrite)
	}
	managed := corev1.AzureSharedBlobDisk // the default
	if of.Kind != nil {
		managed = *of.Kind
		choice(c, path.Child("kind"), *of.Kind, corev1.AzureSharedBlobDisk, corev1.AzureDedicatedBlobDisk, corev1.AzureManagedDisk)
	}
	begin := "https://"
	if managed == corev1.AzureManagedDisk {
		begin = "/subscriptions/"
	}
	if of.DataDiskURI != "" && !strings.HasPrefix(of.DataDiskURI, begin) {
		c.invalid(path.Child("diskURI"), of.DataDiskURI, "must begin with "+begin+" for a disk of the kind "+string(managed))
	}
}

func (c *checker) csi(of *corev1.CSIVolumeSource, path place) {
	if c.required(path.Child("driver"), of.Driver) && (len(of.Driver) > 63 || !names.IsSubdomain(strings.ToLower(of.Driver))) {
		c.invalid(path.Child("driver"), of.Driver, "must have at most 63 letters, digits, '-' and '.', for example csi.example.com")
	}
	if of.NodePublishSecretRef != nil {
		c.subdomain(path.Child("nodePublishSecretRef", "name"), of.NodePublishSecretRef.Name)
	}
}
