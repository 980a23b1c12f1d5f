package runnable

import (
	"cmp"
	"context"
	"fmt"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/batch"
	_ "k8s.io/kubernetes/pkg/apis/batch/install" // conversions
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	"k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/capabilities"
	kubecontroller "k8s.io/kubernetes/pkg/controller"
	jobregistry "k8s.io/kubernetes/pkg/registry/batch/job"
	podregistry "k8s.io/kubernetes/pkg/registry/core/pod"
	templateregistry "k8s.io/kubernetes/pkg/registry/core/podtemplate"
)

func init() { capabilities.Setup(true, 0) } // as the flag --allow-privileged of most API servers

// Refusals returns why the API server would refuse the templates of a job as they are, or what the operator makes
// of them. If strict is set, fields of features that are off are judged, too; the API server drops them.
func (o *Operator) Refusals(job *v2beta1.MPIJob, strict bool) []string {
	var found []string
	note := func(what string, err error) {
		if err != nil {
			found = append(found, fmt.Sprintf("%s: %s", what, err))
		}
	}
	for _, role := range []v2beta1.MPIReplicaType{v2beta1.MPIReplicaTypeLauncher, v2beta1.MPIReplicaTypeWorker} {
		if job.GenerateName != "" && role == v2beta1.MPIReplicaTypeLauncher {
			continue // mounts a volume of the operator's, as a warning says
		}
		spec := job.Spec.MPIReplicaSpecs[role]
		if spec == nil {
			continue
		}
		template := spec.Template
		if strict {
			note(string(role), judgeTemplate(template))
		}
		meta := metav1.ObjectMeta{Name: cmp.Or(job.Name, job.GenerateName+suffix), Namespace: job.Namespace}
		note(string(role), create(templateregistry.Strategy, &corev1.PodTemplate{ObjectMeta: meta, Template: template}))
	}
	launcher, pods, err := o.Made(job)
	note("the launcher's job", create(jobregistry.Strategy, launcher))
	if err != nil {
		return append(found, err.Error())
	}
	for name, pod := range pods {
		note(name, create(podregistry.Strategy, pod))
	}
	return found
}

// Made returns what the API server is asked to create for a job: the operator's job of the launcher, and the pods of the
// launcher and of a worker.
func (o *Operator) Made(job *v2beta1.MPIJob) (launcher *batchv1.Job, pods map[string]*corev1.Pod, err error) {
	launcher, worker := o.Objects(job)
	launcher.UID = "11111111-2222-3333-4444-555555555555"
	owner := metav1.NewControllerRef(launcher, batchv1.SchemeGroupVersion.WithKind("Job"))
	pod, err := kubecontroller.GetPodFromTemplate(&launcher.Spec.Template, launcher, owner)
	if err != nil {
		return launcher, nil, err
	}
	pod.Namespace = job.Namespace
	pods = map[string]*corev1.Pod{"the launcher": pod}
	if worker != nil {
		pods["a worker"] = worker
	}
	for _, pod := range pods {
		if pod.Spec.ServiceAccountName == "" && pod.Spec.DeprecatedServiceAccount == "" {
			pod.Spec.ServiceAccountName = "default" // as the admission plugin of that name does
		}
	}
	return launcher, pods, nil
}

var internalVersions = schema.GroupVersions{core.SchemeGroupVersion, batch.SchemeGroupVersion}

// create does to an object what the API server does at its creation: defaults, conversion and validation.
func create(strategy rest.RESTCreateStrategy, object runtime.Object) error {
	object = object.DeepCopyObject()
	kinds, _, err := legacyscheme.Scheme.ObjectKinds(object)
	if err != nil {
		return err
	}
	version := kinds[0].GroupVersion()
	legacyscheme.Scheme.Default(object)
	internal, err := legacyscheme.Scheme.UnsafeConvertToVersion(object, internalVersions)
	if err != nil {
		return err
	}
	meta := internal.(metav1.Object)
	if meta.GetName() == "" {
		meta.SetName(meta.GetGenerateName() + suffix)
	}
	rest.FillObjectMetaSystemFields(meta)
	ctx := genericapirequest.WithNamespace(context.Background(), meta.GetNamespace())
	ctx = genericapirequest.WithRequestInfo(ctx, &genericapirequest.RequestInfo{
		IsResourceRequest: true, Verb: "create", APIGroup: version.Group, APIVersion: version.Version, Namespace: meta.GetNamespace(),
	})
	return rest.BeforeCreate(strategy, ctx, internal)
}

func judgeTemplate(template corev1.PodTemplateSpec) error {
	object := &corev1.PodTemplate{Template: *template.DeepCopy()}
	legacyscheme.Scheme.Default(object)
	internal := &core.PodTemplate{}
	if err := legacyscheme.Scheme.Convert(object, internal, nil); err != nil {
		return err
	}
	options := podutil.GetValidationOptionsFromPodTemplate(&internal.Template, nil)
	return validation.ValidatePodTemplateSpec(&internal.Template, field.NewPath("template"), options).ToAggregate()
}
