package server

import (
	"context"
	"strings"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// MPIJobCRD is the name of the MPIJob's CustomResourceDefinition, the only one that the webhook reads.
const MPIJobCRD = "mpijobs." + v2beta1.GroupName

// onlyMPIJobCRD selects it.
var onlyMPIJobCRD = fields.OneTermEqualSelector(metav1.ObjectNameField, MPIJobCRD)

// groupsPolicyPath is the path of a field that MPI Operator v0.6 added. The API server silently drops
// fields that a CRD does not know, after the last webhook has seen them.
var groupsPolicyPath = []string{"spec", "mpiReplicaSpecs", "*", "template", "spec", "securityContext", "supplementalGroupsPolicy"}

// neededPaths are the fields without which the webhook or runai cannot do what they promise.
var neededPaths = [][]string{
	groupsPolicyPath,
	{"spec", "mpiReplicaSpecs", "*", "template", "spec", "schedulingGates"},
	{"spec", "runPolicy", "suspend"},
	{"spec", "sshAuthMountPath"},
}

// keepsGroupsPolicy is an annotation of the cached CRD that replaces its schema.
const keepsGroupsPolicy = "keeps-groups-policy"

// CachedSchema knows the schema of the MPIJob's CRD.
type CachedSchema struct{ Reader client.Reader }

// KeepsGroupsPolicy reports whether supplementalGroupsPolicy reaches the pods. Its errors are API
// statuses for the client.
func (c CachedSchema) KeepsGroupsPolicy(ctx context.Context) (bool, error) {
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := c.Reader.Get(ctx, client.ObjectKey{Name: MPIJobCRD}, crd); err != nil {
		return false, unavailable("cannot look up the CRD %s: %s", MPIJobCRD, err)
	}
	_, keeps := crd.Annotations[keepsGroupsPolicy]
	return keeps, nil
}

// reduceCRD replaces the large schema of the CRD by the one fact that is read. The cache may call it with
// an object that it has reduced before.
func reduceCRD(object any) (any, error) {
	crd, ok := object.(*apiextensionsv1.CustomResourceDefinition)
	if !ok || len(crd.Spec.Versions) == 0 {
		return object, nil
	}
	reduced := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: crd.Name, ResourceVersion: crd.ResourceVersion, UID: crd.UID}}
	if KeepsGroupsPolicy(crd) {
		reduced.Annotations = map[string]string{keepsGroupsPolicy: ""}
	}
	return reduced, nil
}

// KeepsGroupsPolicy reports whether supplementalGroupsPolicy reaches the pods with this CRD of MPIJobs.
func KeepsGroupsPolicy(crd *apiextensionsv1.CustomResourceDefinition) bool {
	return keeps(schemaOf(crd), groupsPolicyPath)
}

// MissingFields returns the paths of the needed fields that the CRD does not have, with * for any member.
func MissingFields(crd *apiextensionsv1.CustomResourceDefinition) []string {
	var missing []string
	for _, path := range neededPaths {
		if !keeps(schemaOf(crd), path) {
			missing = append(missing, strings.Join(path, "."))
		}
	}
	return missing
}

// schemaOf returns the schema of the version that the webhook reviews, or nil.
func schemaOf(crd *apiextensionsv1.CustomResourceDefinition) *apiextensionsv1.JSONSchemaProps {
	for _, version := range crd.Spec.Versions {
		if version.Name == v2beta1.SchemeGroupVersion.Version && version.Schema != nil {
			return version.Schema.OpenAPIV3Schema
		}
	}
	return nil
}

// keeps reports whether a schema knows the field at the end of a path, in which * is any member.
func keeps(schema *apiextensionsv1.JSONSchemaProps, path []string) bool {
	switch {
	case schema == nil:
		return false
	case len(path) == 0, schema.XPreserveUnknownFields != nil && *schema.XPreserveUnknownFields:
		return true
	case path[0] == "*":
		return schema.AdditionalProperties != nil && keeps(schema.AdditionalProperties.Schema, path[1:])
	}
	child, known := schema.Properties[path[0]]
	return known && keeps(&child, path[1:])
}
