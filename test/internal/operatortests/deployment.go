package operatortests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
	"github.com/runai-mpi/runai-mpi/test/internal/env"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
)

// operatorName is the name of the operator's Deployment and of its namespace.
const operatorName = "mpi-operator"

// leads succeeds in the pod of an operator that is the leader. Another one does nothing.
const leads = `exec 3<>/dev/tcp/127.0.0.1/8081
printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
grep -q '^mpi_operator_is_leader 1' <&3`

// DeployOperator deploys mpi-operator by its own manifests, because a test restarts it with other arguments. It
// returns when the operator works.
func DeployOperator(ctx context.Context, cluster *env.Env, administrator client.Client) error {
	source, err := binaries.Source(binaries.MPIOperator)
	if err != nil {
		return err
	}
	manifests, _, err := cluster.Kubectl(ctx, nil, "kustomize", filepath.Join(source, "manifests/overlays/standalone"))
	if err != nil {
		return err
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewBufferString(manifests), 4096)
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); errors.Is(err, io.EOF) {
			return WaitForOperator(ctx, administrator)
		} else if err != nil {
			return fmt.Errorf("cannot read mpi-operator's manifests: %w", err)
		}
		if err := create(ctx, administrator, object, cluster.Config.Host); err != nil {
			return err
		}
	}
}

// create creates an object of the manifests, except for the CRD, which the lab has.
func create(ctx context.Context, administrator client.Client, manifest *unstructured.Unstructured, apiServer string) error {
	var object client.Object = manifest
	switch manifest.GetKind() {
	case "CustomResourceDefinition":
		return nil
	case "Deployment":
		deployment := &appsv1.Deployment{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(manifest.Object, deployment); err != nil {
			return fmt.Errorf("cannot read mpi-operator's Deployment: %w", err)
		}
		if err := adapt(deployment, apiServer); err != nil {
			return err
		}
		object = deployment
	}
	if err := administrator.Create(ctx, object); err != nil {
		return fmt.Errorf("cannot deploy mpi-operator: %w", err)
	}
	return nil
}

// adapt lets the Deployment run our build of the operator. It is ready only if it leads, and ends before its
// successor starts: otherwise a job may wait for a lease to expire, which would hide how long it takes to start.
func adapt(deployment *appsv1.Deployment, apiServer string) error {
	set, err := binaries.Find(binaries.MPIOperator)
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(strings.TrimPrefix(apiServer, "https://"))
	if err != nil {
		return fmt.Errorf("cannot read the address of the API server: %w", err)
	}
	deployment.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
	pod := &deployment.Spec.Template.Spec
	pod.NodeSelector = map[string]string{corev1.LabelHostname: lab.NodeName}
	file := corev1.HostPathFile
	pod.Volumes = []corev1.Volume{{Name: "program", VolumeSource: corev1.VolumeSource{
		HostPath: &corev1.HostPathVolumeSource{Path: set[binaries.MPIOperator], Type: &file},
	}}}
	container := &pod.Containers[0]
	container.Image = images.OpenMPI5
	container.Command = []string{"/mpi-operator"}
	container.Args = append(container.Args, "--monitoring-port=8081")
	// The certificate of the lab's API server is not valid for the address of its Service.
	container.Env = []corev1.EnvVar{{Name: "KUBERNETES_SERVICE_HOST", Value: host}, {Name: "KUBERNETES_SERVICE_PORT", Value: port}}
	container.VolumeMounts = []corev1.VolumeMount{{Name: "program", MountPath: "/mpi-operator", ReadOnly: true}}
	container.ReadinessProbe = &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"bash", "-c", leads}}},
		PeriodSeconds: 1,
	}
	return nil
}

// WaitForOperator waits until the operator works as its Deployment says now.
func WaitForOperator(ctx context.Context, administrator client.Client) error {
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: operatorName, Name: operatorName}}
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, 2*time.Minute, true, func(ctx context.Context) (bool, error) {
		if err := administrator.Get(ctx, client.ObjectKeyFromObject(deployment), deployment); err != nil {
			return false, err
		}
		status := deployment.Status
		return status.ObservedGeneration == deployment.Generation && status.Replicas == 1 && status.UpdatedReplicas == 1 &&
			status.AvailableReplicas == 1, nil
	})
	if err != nil {
		return fmt.Errorf("mpi-operator does not work: %w: %+v", err, deployment.Status.Conditions)
	}
	return nil
}
