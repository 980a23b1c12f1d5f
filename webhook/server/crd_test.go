package server

import (
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// member returns a schema with one member, or with any member for *.
func member(name string, schema apiextensionsv1.JSONSchemaProps) apiextensionsv1.JSONSchemaProps {
	if name == "*" {
		return apiextensionsv1.JSONSchemaProps{AdditionalProperties: &apiextensionsv1.JSONSchemaPropsOrBool{Schema: &schema}}
	}
	return apiextensionsv1.JSONSchemaProps{Properties: map[string]apiextensionsv1.JSONSchemaProps{name: schema}}
}

func TestSchemaKeepsGroupsPolicy(t *testing.T) {
	yes := true
	for _, test := range []struct {
		name    string
		version string
		end     apiextensionsv1.JSONSchemaProps
		want    bool
	}{
		{"today's", "v2beta1", member("supplementalGroupsPolicy", apiextensionsv1.JSONSchemaProps{}), true},
		{"whatever comes", "v2beta1", apiextensionsv1.JSONSchemaProps{XPreserveUnknownFields: &yes}, true},
		{"an old one", "v2beta1", member("runAsUser", apiextensionsv1.JSONSchemaProps{}), false},
		{"another version's", "v1", member("supplementalGroupsPolicy", apiextensionsv1.JSONSchemaProps{}), false},
	} {
		schema := test.end
		for i := len(groupsPolicyPath) - 2; i >= 0; i-- {
			schema = member(groupsPolicyPath[i], schema)
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		crd.Spec.Versions = []apiextensionsv1.CustomResourceDefinitionVersion{{Name: test.version, Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &schema}}}
		reduced, err := reduceCRD(crd)
		if err == nil {
			reduced, err = reduceCRD(reduced)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, keeps := reduced.(*apiextensionsv1.CustomResourceDefinition).Annotations[keepsGroupsPolicy]; keeps != test.want {
			t.Errorf("%s: got %t", test.name, keeps)
		}
	}
}
