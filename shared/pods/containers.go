package pods

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// eachContainer visits the containers, then the init containers.
func (c *checker) eachContainer(path place, visit func(*corev1.Container, place)) {
	for i := range c.pod.Containers {
		visit(&c.pod.Containers[i], path.Child("containers").Index(i))
	}
	for i := range c.pod.InitContainers {
		visit(&c.pod.InitContainers[i], path.Child("initContainers").Index(i))
	}
}

// containerLists validates all containers. The operator itself requires at least one, so this is not checked here.
func (c *checker) containerLists(path place) {
	if len(c.pod.EphemeralContainers) > 0 {
		c.forbidden(path.Child("ephemeralContainers"), "can be added to a running pod only: remove it")
	}
	names, hostPorts := map[string]bool{}, map[string]bool{}
	for i := range c.pod.Containers {
		container, at := &c.pod.Containers[i], path.Child("containers").Index(i)
		c.container(container, names, at)
		c.ports(container.Ports, hostPorts, at.Child("ports"))
		c.restartRules(container, at)
		c.hooks(container, at)
	}
	for i := range c.pod.InitContainers {
		container, at := &c.pod.InitContainers[i], path.Child("initContainers").Index(i)
		c.container(container, names, at)
		c.ports(container.Ports, map[string]bool{}, at.Child("ports"))
		c.restartRules(container, at)
		if isSidecar(container) {
			c.hooks(container, at)
			continue
		}
		c.noHooks(container, at)
		for j, policy := range container.ResizePolicy {
			if policy.RestartPolicy == corev1.RestartContainer {
				c.forbidden(at.Child("resizePolicy").Index(j).Child("restartPolicy"), "cannot be RestartContainer for an init container that ends: set NotRequired")
			}
		}
	}
}

// isSidecar reports whether an init container runs as long as the pod.
func isSidecar(container *corev1.Container) bool {
	return container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

func (c *checker) container(container *corev1.Container, names map[string]bool, path place) {
	if c.required(path.Child("name"), container.Name) {
		c.label(path.Child("name"), container.Name)
		c.unique(names, path.Child("name"), container.Name, "container")
	}
	if c.required(path.Child("image"), container.Image) && strings.TrimSpace(container.Image) != container.Image {
		c.invalid(path.Child("image"), container.Image, "must not begin or end with a space")
	}
	if container.TerminationMessagePolicy != "" {
		choice(c, path.Child("terminationMessagePolicy"), container.TerminationMessagePolicy,
			corev1.TerminationMessageReadFile, corev1.TerminationMessageFallbackToLogsOnError)
	}
	c.pullPolicy(container.ImagePullPolicy, path.Child("imagePullPolicy"))
	c.env(container.Env, path.Child("env"))
	c.envFrom(container.EnvFrom, path.Child("envFrom"))
	c.mounts(container, path.Child("volumeMounts"))
	c.devices(container, path.Child("volumeDevices"))
	c.resources(container.Resources, path.Child("resources"), containerResource)
	c.resizePolicy(container.ResizePolicy, path.Child("resizePolicy"))
	if container.SecurityContext != nil {
		c.containerSecurity(container.SecurityContext, path.Child("securityContext"))
	}
}

func (c *checker) pullPolicy(policy corev1.PullPolicy, path place) {
	if policy != "" {
		choice(c, path, policy, corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever)
	}
}

func (c *checker) resizePolicy(policies []corev1.ContainerResizePolicy, path place) {
	seen := map[string]bool{}
	for i, policy := range policies {
		at := path.Index(i)
		c.unique(seen, at.Child("resourceName"), string(policy.ResourceName), "policy")
		choice(c, at.Child("resourceName"), policy.ResourceName, corev1.ResourceCPU, corev1.ResourceMemory)
		choice(c, at.Child("restartPolicy"), policy.RestartPolicy, corev1.NotRequired, corev1.RestartContainer)
		if c.pod.RestartPolicy == corev1.RestartPolicyNever && policy.RestartPolicy == corev1.RestartContainer {
			c.invalid(at.Child("restartPolicy"), policy.RestartPolicy, "must be NotRequired in a pod whose restartPolicy is Never")
		}
	}
}

// restartRules validates when a container is started again after it has ended.
func (c *checker) restartRules(container *corev1.Container, path place) {
	rules := path.Child("restartPolicyRules")
	if container.RestartPolicy != nil {
		choice(c, path.Child("restartPolicy"), *container.RestartPolicy,
			corev1.ContainerRestartPolicyAlways, corev1.ContainerRestartPolicyNever, corev1.ContainerRestartPolicyOnFailure)
	} else if len(container.RestartPolicyRules) > 0 {
		c.missing(path.Child("restartPolicy"), "must be set together with restartPolicyRules")
	}
	if len(container.RestartPolicyRules) > 20 {
		c.invalid(rules, len(container.RestartPolicyRules), "must have at most 20 rules")
	}
	for i, rule := range container.RestartPolicyRules {
		at := rules.Index(i)
		choice(c, at.Child("action"), rule.Action, corev1.ContainerRestartRuleActionRestart, corev1.ContainerRestartRuleActionRestartAllContainers)
		if rule.ExitCodes == nil {
			c.missing(at.Child("exitCodes"), "must be set")
			continue
		}
		choice(c, at.Child("exitCodes", "operator"), rule.ExitCodes.Operator, corev1.ContainerRestartRuleOnExitCodesOpIn, corev1.ContainerRestartRuleOnExitCodesOpNotIn)
		if len(rule.ExitCodes.Values) > 255 {
			c.invalid(at.Child("exitCodes", "values"), len(rule.ExitCodes.Values), "must have at most 255 values")
		}
	}
}
