package cluster

import (
	"fmt"
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/webhook/doctor"
)

// policyAnnotation is the annotation of the webhook's pods that has the cluster policy.
const policyAnnotation = "policy.run.ai/cluster-policy"

// A foundPolicy is the cluster policy of a Deployment.
type foundPolicy struct {
	release doctor.Deployment
	text    string
}

// choosePolicy takes the cluster policy of the options, or that of the webhook, or the default one.
func choosePolicy(snapshot *doctor.Snapshot, found []foundPolicy, options Options) error {
	if len(found) > 0 {
		snapshot.Release = &found[0].release
	}
	switch {
	case options.Policy != nil:
		snapshot.Policy, snapshot.PolicyFrom = options.Policy, options.PolicyFile
	case len(found) > 1:
		return fmt.Errorf("two Deployments have a cluster policy, %s and %s: uninstall one, or use --policy", name(found[0]), name(found[1]))
	case len(found) == 1:
		policy, err := config.Parse([]byte(found[0].text))
		if err != nil {
			return fmt.Errorf("cannot read the cluster policy of Deployment %s: %w", name(found[0]), err)
		}
		snapshot.Policy, snapshot.PolicyFrom = policy, "Deployment "+name(found[0])
	default:
		snapshot.Policy, snapshot.PolicyFrom = config.Default(), "the default, because no Deployment of the webhook was found"
	}
	return nil
}

func name(found foundPolicy) string { return found.release.Namespace + "/" + found.release.Name }

// isOperator reports whether a container runs mpi-operator, by its image or its command.
func isOperator(container *corev1.Container) bool {
	image, _, _ := strings.Cut(path.Base(container.Image), ":")
	image, _, _ = strings.Cut(image, "@")
	command := ""
	if len(container.Command) > 0 {
		command = path.Base(container.Command[0])
	}
	return image == "mpi-operator" || command == "mpi-operator"
}
