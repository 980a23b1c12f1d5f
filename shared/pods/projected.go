package pods

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"

	"github.com/runai-mpi/runai-mpi/shared/names"
)

func (c *checker) projected(volume *corev1.ProjectedVolumeSource, path place) {
	c.fileMode(path.Child("defaultMode"), volume.DefaultMode)
	c.id(path.Child("defaultUser"), volume.DefaultUser)
	files := map[string]bool{}
	for i := range volume.Sources {
		c.projection(&volume.Sources[i], files, path.Child("sources").Index(i))
	}
}

// projection validates one source of a projected volume. One without any kind is accepted by the API server.
func (c *checker) projection(source *corev1.VolumeProjection, files map[string]bool, path place) {
	var set []string
	if of := source.Secret; of != nil {
		set = append(set, "secret")
		c.required(path.Child("secret", "name"), of.Name)
		c.items(of.Items, files, path.Child("secret"))
	}
	if of := source.ConfigMap; of != nil {
		set = append(set, "configMap")
		c.required(path.Child("configMap", "name"), of.Name)
		c.items(of.Items, files, path.Child("configMap"))
	}
	if of := source.DownwardAPI; of != nil {
		set = append(set, "downwardAPI")
		c.downwardFiles(of.Items, files, path.Child("downwardAPI"))
	}
	if of := source.ServiceAccountToken; of != nil {
		set = append(set, "serviceAccountToken")
		at := path.Child("serviceAccountToken")
		if of.ExpirationSeconds != nil {
			c.within(at.Child("expirationSeconds"), *of.ExpirationSeconds, 600, 1<<32)
		}
		c.fileName(at.Child("path"), of.Path)
		c.id(at.Child("user"), of.User)
	}
	if of := source.ClusterTrustBundle; of != nil {
		set = append(set, "clusterTrustBundle")
		c.trustBundle(of, files, path.Child("clusterTrustBundle"))
	}
	if of := source.PodCertificate; of != nil {
		set = append(set, "podCertificate")
		c.certificate(of, files, path.Child("podCertificate"))
	}
	if len(set) > 1 {
		c.only(path, "", set...)
	}
}

func (c *checker) trustBundle(of *corev1.ClusterTrustBundleProjection, files map[string]bool, path place) {
	var set []string
	if of.Name != nil {
		set = append(set, "name")
		c.trustBundleName(path.Child("name"), *of.Name)
		if of.LabelSelector != nil {
			c.forbidden(path.Child("labelSelector"), "cannot be used together with name: remove one of them")
		}
	}
	if of.SignerName != nil {
		set = append(set, "signerName")
		c.signer(path.Child("signerName"), *of.SignerName)
		c.selector(of.LabelSelector, path.Child("labelSelector"))
	}
	c.only(path, "one of name and signerName", set...)
	c.fileName(path.Child("path"), of.Path)
	c.onlyFile(files, path.Child("path"), of.Path)
	c.id(path.Child("user"), of.User)
}

func (c *checker) trustBundleName(path place, name string) {
	_, object, hasSigner := cutLast(name, ":")
	if !hasSigner {
		object = name
	}
	c.subdomain(path, object)
}

func cutLast(text, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, "", false
}

// signer validates a name such as example.com/signer.
func (c *checker) signer(path place, name string) {
	domain, object, hasDomain := strings.Cut(name, "/")
	isDomain := hasDomain && len(domain) <= utilvalidation.DNS1123SubdomainMaxLength && strings.Contains(domain, ".")
	for part := range strings.SplitSeq(domain, ".") {
		isDomain = isDomain && names.IsLabel(part)
	}
	isObject := len(object) <= utilvalidation.DNS1123SubdomainMaxLength+1+utilvalidation.DNS1123LabelMaxLength
	for part := range strings.SplitSeq(object, ".") {
		isObject = isObject && names.IsSubdomain(part)
	}
	if !isDomain || !isObject {
		c.invalid(path, name, "must be a domain and a name, for example example.com/signer")
	}
}

func (c *checker) certificate(of *corev1.PodCertificateProjection, files map[string]bool, path place) {
	c.signer(path.Child("signerName"), of.SignerName)
	choice(c, path.Child("keyType"), of.KeyType, "RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519")
	if seconds := of.MaxExpirationSeconds; seconds != nil {
		const hour, day = 3600, 24 * 3600
		most := int64(91 * day)
		if domain, _, _ := strings.Cut(of.SignerName, "/"); domain == "kubernetes.io" || strings.HasSuffix(domain, ".kubernetes.io") {
			most = day
		}
		c.within(path.Child("maxExpirationSeconds"), int64(*seconds), hour, most)
	}
	size := 0
	for _, key := range sortedKeys(of.UserAnnotations) {
		at := path.Child("userAnnotations").Key(key)
		if len(key) > 400 || len(utilvalidation.IsDomainPrefixedKey(nil, strings.ToLower(key))) > 0 {
			c.invalid(at, key, "must be a name with a domain, for example example.com/team")
		}
		size += len(key) + len(of.UserAnnotations[key])
	}
	if size > apivalidation.TotalAnnotationSizeLimitB {
		c.forbidden(path.Child("userAnnotations"), "must have at most 256 KiB in total")
	}
	c.id(path.Child("user"), of.User)
	hasFile := false
	for _, file := range []struct{ field, name string }{
		{"credentialBundlePath", of.CredentialBundlePath}, {"keyPath", of.KeyPath}, {"certificateChainPath", of.CertificateChainPath},
	} {
		if file.name != "" {
			hasFile = true
			c.fileName(path.Child(file.field), file.name)
			c.onlyFile(files, path.Child(file.field), file.name)
		}
	}
	if !hasFile {
		c.missing(path, "must have one of credentialBundlePath, keyPath and certificateChainPath")
	}
}

// selector validates a label selector.
func (c *checker) selector(selector *metav1.LabelSelector, path place) {
	if selector == nil {
		return
	}
	c.labels(path.Child("matchLabels"), selector.MatchLabels)
	for i, requirement := range selector.MatchExpressions {
		at := path.Child("matchExpressions").Index(i)
		c.qualifiedName(at.Child("key"), requirement.Key)
		choice(c, at.Child("operator"), requirement.Operator, metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn,
			metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist)
		c.valueCount(at.Child("values"), string(requirement.Operator), len(requirement.Values))
		for j, value := range requirement.Values {
			c.labelValue(at.Child("values").Index(j), value)
		}
	}
}

// valueCount validates how many values an operator has.
func (c *checker) valueCount(path place, operator string, count int) {
	switch operator {
	case "In", "NotIn":
		if count == 0 {
			c.missing(path, "must be set with the operator "+operator)
		}
	case "Exists", "DoesNotExist":
		if count > 0 {
			c.forbidden(path, "cannot be set with the operator "+operator+": remove it")
		}
	case "Gt", "Lt":
		if count != 1 {
			c.invalid(path, count, "must have exactly one value with the operator "+operator)
		}
	}
}
