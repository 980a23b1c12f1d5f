// Package values has the type of the chart's values, from which values.schema.json is generated.
package values

import (
	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// Values are those in values.yaml. All of them are required in the schema, because values.yaml has a default for
// each: one that is missing was removed with null, or by helm upgrade --reuse-values of an older chart.
type Values struct {
	Image             Image                         `json:"image"`
	ImagePullSecrets  []corev1.LocalObjectReference `json:"imagePullSecrets"`
	FullnameOverride  string                        `json:"fullnameOverride" pattern:"^([a-z]([a-z0-9-]{0,48}[a-z0-9])?)?$"`
	NamespaceOverride string                        `json:"namespaceOverride" pattern:"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$"`
	CommonLabels      map[string]string             `json:"commonLabels"`
	CommonAnnotations map[string]string             `json:"commonAnnotations"`

	Replicas                  int32                             `json:"replicas" min:"1"`
	RollingUpdate             appsv1.RollingUpdateDeployment    `json:"rollingUpdate"`
	DrainSeconds              int64                             `json:"drainSeconds" min:"0" max:"600"`
	PodLabels                 map[string]string                 `json:"podLabels"`
	PodAnnotations            map[string]string                 `json:"podAnnotations"`
	PriorityClassName         string                            `json:"priorityClassName"`
	PriorityClassQuota        bool                              `json:"priorityClassQuota"`
	Resources                 corev1.ResourceRequirements       `json:"resources"`
	NodeSelector              map[string]string                 `json:"nodeSelector"`
	Tolerations               []corev1.Toleration               `json:"tolerations"`
	Affinity                  corev1.Affinity                   `json:"affinity"`
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints"`
	PodSecurityContext        corev1.PodSecurityContext         `json:"podSecurityContext"`
	SecurityContext           corev1.SecurityContext            `json:"securityContext"`

	HostNetwork    bool     `json:"hostNetwork"`
	DNSPolicy      string   `json:"dnsPolicy" enum:",ClusterFirst,ClusterFirstWithHostNet,Default"`
	Webhook        Ports    `json:"webhook"`
	Logging        Logging  `json:"logging"`
	ExtraArgs      []string `json:"extraArgs"`
	Service        Object   `json:"service"`
	ServiceAccount Object   `json:"serviceAccount"`

	Prepare Option `json:"prepare"`
	Check   Check  `json:"check"`

	CertManager CertManager `json:"certManager"`
	Certificate Certificate `json:"certificate"`

	Metrics          Metrics          `json:"metrics"`
	NetworkPolicy    NetworkPolicy    `json:"networkPolicy"`
	NFSNetworkPolicy NFSNetworkPolicy `json:"nfsNetworkPolicy"`
	Backstop         Backstop         `json:"backstop"`
	Doctor           Doctor           `json:"doctor"`

	DirectorySync DirectorySync `json:"directorySync"`

	FormerProjectLabels []LabelKey                            `json:"formerProjectLabels"`
	Projects            map[string]Project                    `json:"projects" keys:"^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$"`
	Identities          map[string]v1alpha1.PosixIdentitySpec `json:"identities" keys:"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"`
	ProjectReaders      []string                              `json:"projectReaders"`
	Policy              config.ClusterPolicy                  `json:"policy"`
}

// A LabelKey is the key of a label.
type LabelKey string

// Image names the image of runai-webhook.
type Image struct {
	Registry   string `json:"registry"`
	Repository string `json:"repository,omitempty"` // the chart says what to do without it
	Tag        string `json:"tag" pattern:"^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$"`
	Digest     string `json:"digest" pattern:"^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})?$"`
	PullPolicy string `json:"pullPolicy" enum:"Always,IfNotPresent,Never"`
}

// Ports are those of the webhook's pods.
type Ports struct {
	Port        int32 `json:"port" min:"1" max:"65535"`
	HealthPort  int32 `json:"healthPort" min:"1" max:"65535"`
	MetricsPort int32 `json:"metricsPort" min:"1" max:"65535"`
	PprofPort   int32 `json:"pprofPort" min:"0" max:"65535"`
}

// Logging configures the logs of the webhook.
type Logging struct {
	Level  string `json:"level" enum:"debug,info,warn,error"`
	Format string `json:"format" enum:"text,json"`
}

// An Object of the chart can have more annotations.
type Object struct {
	Annotations map[string]string `json:"annotations"`
}

// An Option is a part of the chart that can be turned off or on.
type Option struct {
	Enabled bool `json:"enabled"`
}

// Check configures helm test.
type Check struct {
	Namespace string `json:"namespace" pattern:"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$"`
}

// Metrics configures the Prometheus Operator.
type Metrics struct {
	ServiceMonitor ServiceMonitor `json:"serviceMonitor"`
	PrometheusRule PrometheusRule `json:"prometheusRule"`
	Dashboard      Dashboard      `json:"dashboard"`
}

// ServiceMonitor says how the metrics are read.
type ServiceMonitor struct {
	Enabled  bool              `json:"enabled"`
	Labels   map[string]string `json:"labels"`
	Interval string            `json:"interval" pattern:"^([0-9]+(ms|s|m|h))+$"`
}

// PrometheusRule has the alerts.
type PrometheusRule struct {
	Enabled    bool              `json:"enabled"`
	Labels     map[string]string `json:"labels"`
	RunbookURL string            `json:"runbookURL"`
}

// Dashboard is for Grafana's sidecar.
type Dashboard struct {
	Enabled     bool              `json:"enabled"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// NetworkPolicy restricts the webhook's pods.
type NetworkPolicy struct {
	Enabled        bool                             `json:"enabled"`
	WebhookFrom    []networkingv1.NetworkPolicyPeer `json:"webhookFrom"`
	MetricsFrom    []networkingv1.NetworkPolicyPeer `json:"metricsFrom"`
	APIServerPorts []int32                          `json:"apiServerPorts"`
}

// NFSNetworkPolicy keeps pods from NFS servers.
type NFSNetworkPolicy struct {
	Namespaces []string `json:"namespaces"`
	Ports      []int32  `json:"ports"`
}

// A Username is what the API server authenticates. It is put into expressions in single quotes.
type Username string

// Backstop configures the admission policies of pods.
type Backstop struct {
	Enabled     bool       `json:"enabled"`
	Files       bool       `json:"files"`
	RenderFiles bool       `json:"renderFiles"`
	Operator    Username   `json:"operator"`
	Controllers []Username `json:"controllers"`
	Sessions    bool       `json:"sessions"`
}

// Doctor configures runai-webhook doctor.
type Doctor struct {
	Enabled        bool     `json:"enabled"`
	Schedule       string   `json:"schedule"`
	Administrators []string `json:"administrators"`
}

// CertManager configures who issues the certificate.
type CertManager struct {
	Enabled      bool                   `json:"enabled"`
	IssuerRef    cmmeta.IssuerReference `json:"issuerRef"`
	CASecretName string                 `json:"caSecretName"`
}

// Certificate is one that cert-manager does not manage.
type Certificate struct {
	SecretName string `json:"secretName"`
	CABundle   string `json:"caBundle" pattern:"^(\\s*-----BEGIN CERTIFICATE-----\\s[A-Za-z0-9+/=\\s]+-----END CERTIFICATE-----)*\\s*$"`
}
