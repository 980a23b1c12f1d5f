package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/webhook/apiserver"
	"github.com/runai-mpi/runai-mpi/webhook/server"
)

// pageSize is how many objects are read at a time: a job can have a megabyte.
const pageSize = 50

// A lister lists the objects of a cluster, page by page. It needs no permission but to list.
type lister struct{ client dynamic.Interface }

func (r *reviewJobs) connect() (lister, error) {
	config, err := kubectlConfig(r.Kubeconfig, ", or use -f to review files")
	if err != nil {
		return lister{}, err
	}
	config.QPS = -1 // one request after the other
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return lister{}, fmt.Errorf("cannot use the kubeconfig: %w", err)
	}
	return lister{client}, nil
}

// list returns each object of a resource in a namespace, "" for all, as JSON.
func (l lister) list(ctx context.Context, resource schema.GroupVersionResource, namespace string, options metav1.ListOptions) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for options.Limit = pageSize; ; {
			page, err := l.client.Resource(resource).Namespace(namespace).List(ctx, options)
			if err != nil {
				yield(nil, fmt.Errorf("cannot list %s: %w", resource.GroupResource(), apiserver.Explain(err)))
				return
			}
			for i := range page.Items {
				raw, err := page.Items[i].MarshalJSON()
				if !yield(raw, err) {
					return
				}
			}
			if options.Continue = page.GetContinue(); options.Continue == "" {
				return
			}
		}
	}
}

func named(name string) metav1.ListOptions {
	return metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()}
}

// reviewCluster judges the stored jobs of a cluster.
func (r *reviewJobs) reviewCluster(ctx context.Context, j *judge) error {
	cluster, err := r.connect()
	if err != nil {
		return err
	}
	jobs, err := cluster.jobResource(ctx, j)
	if err != nil {
		return err
	}
	if err := r.addKnown(ctx, cluster, j.known); err != nil {
		return err
	}
	j.reportNamespaces()
	namespaces := r.Namespace
	if len(namespaces) == 0 {
		namespaces = []string{""}
	}
	for _, namespace := range namespaces {
		if namespace != "" {
			if err := j.mustHaveProject(namespace); err != nil {
				return err
			}
		}
		for raw, err := range cluster.list(ctx, jobs, namespace, metav1.ListOptions{LabelSelector: r.Selector}) {
			if err == nil {
				err = j.job(raw)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// jobResource returns the resource of MPIJobs in the version that the webhook judges, or in another one if the cluster
// does not serve it.
func (l lister) jobResource(ctx context.Context, j *judge) (schema.GroupVersionResource, error) {
	resource := v2beta1.SchemeGroupVersion.WithResource("mpijobs")
	crds := apiextensionsv1.SchemeGroupVersion.WithResource("customresourcedefinitions")
	for raw, err := range l.list(ctx, crds, "", named(server.MPIJobCRD)) {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err == nil {
			err = json.Unmarshal(raw, crd)
		}
		if err != nil {
			return resource, err
		}
		j.keepsGroupsPolicy = server.KeepsGroupsPolicy(crd)
		served := servedVersions(crd)
		if len(served) > 0 && !slices.Contains(served, resource.Version) {
			resource.Version = served[0]
		}
		return resource, nil
	}
	return resource, errors.New("the cluster has no MPIJobs: install the MPI Operator, or use -f to review files")
}

func servedVersions(crd *apiextensionsv1.CustomResourceDefinition) []string {
	var names []string
	for _, version := range crd.Spec.Versions {
		if version.Served {
			names = append(names, version.Name)
		}
	}
	return names
}

// addKnown adds what jobs are judged with. Before the installation there are no Projects and PosixIdentities.
func (r *reviewJobs) addKnown(ctx context.Context, cluster lister, known known) error {
	add := func(resource schema.GroupVersionResource, options metav1.ListOptions) error {
		for raw, err := range cluster.list(ctx, resource, "", options) {
			if apierrors.IsNotFound(err) {
				return nil
			}
			if err == nil {
				_, err = known.add(raw, "in the cluster")
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	for _, plural := range []string{"projects", "posixidentities"} {
		if err := add(v1alpha1.GroupVersion.WithResource(plural), metav1.ListOptions{}); err != nil {
			return err
		}
	}
	namespaces := corev1.SchemeGroupVersion.WithResource("namespaces")
	if len(r.Namespace) == 0 {
		if err := add(namespaces, metav1.ListOptions{}); err != nil {
			return err
		}
	}
	for _, namespace := range r.Namespace {
		if err := add(namespaces, named(namespace)); err != nil {
			return err
		}
		if _, exists := known.namespaces[namespace]; !exists {
			return fmt.Errorf("namespace %s not found", namespace)
		}
	}
	return r.addProjects(known)
}
