package randomjob

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

var containerEdits = []func(editor){
	editor.addContainer, editor.addInitContainer, editor.setContainer, editor.setContainer,
	editor.setContext, editor.agreeInContainer, editor.agreeInContainer, editor.setCommand,
}

func (e editor) addContainer() {
	spec := &e.template().Spec
	spec.Containers = append(spec.Containers, corev1.Container{Name: fmt.Sprintf("side-%d", len(spec.Containers)), Image: "example/side"})
}

// addInitContainer adds an init container, which may be restartable.
func (e editor) addInitContainer() {
	spec := &e.template().Spec
	container := corev1.Container{Name: fmt.Sprintf("init-%d", len(spec.InitContainers)), Image: "example/init"}
	if e.Intn(2) == 1 {
		container.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
	}
	spec.InitContainers = append(spec.InitContainers, container)
}

func (e editor) setContainer() { e.fillField(e.container()) }

func (e editor) context() *corev1.SecurityContext {
	container := e.container()
	if container.SecurityContext == nil {
		container.SecurityContext = &corev1.SecurityContext{}
	}
	return container.SecurityContext
}

func (e editor) setContext() { e.fillField(e.context()) }

// agreeingContainer sets fields of a container to values that agree with the identity.
var agreeingContainer = []func(*corev1.SecurityContext){
	func(c *corev1.SecurityContext) { c.RunAsUser = new(Identity.UID) },
	func(c *corev1.SecurityContext) { c.RunAsGroup = new(Identity.GID) },
	func(c *corev1.SecurityContext) { c.RunAsNonRoot = new(true) },
	func(c *corev1.SecurityContext) { c.Privileged = new(false) },
	func(c *corev1.SecurityContext) { c.AllowPrivilegeEscalation = new(false) },
	func(c *corev1.SecurityContext) {
		c.Capabilities = &corev1.Capabilities{Drop: []corev1.Capability{"NET_RAW"}, Add: []corev1.Capability{"NET_BIND_SERVICE"}}
	},
	func(c *corev1.SecurityContext) { *c = corev1.SecurityContext{} },
}

func (e editor) agreeInContainer() { pick(e, agreeingContainer)(e.context()) }

var commands = [][]string{
	nil, {"sleep", "1h"}, {"/usr/sbin/sshd", "-De"}, {"/usr/sbin/sshd", "-De", "-f", "/etc/runai-mpi/sshd_config"},
	{"sshd", "-f/data/sshd_config"}, {""},
}

func (e editor) setCommand() { e.container().Command = pick(e, commands) }
