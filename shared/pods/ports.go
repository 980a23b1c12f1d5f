package pods

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
)

// ports validates the ports of a container, and that no two containers that run together use the same port of the node.
func (c *checker) ports(ports []corev1.ContainerPort, taken map[string]bool, path place) {
	names := map[string]bool{}
	for i, port := range ports {
		at := path.Index(i)
		if port.Name != "" && c.portName(at.Child("name"), port.Name) {
			c.unique(names, at.Child("name"), port.Name, "port")
		}
		c.within(at.Child("containerPort"), int64(port.ContainerPort), 1, 65535)
		protocol := port.Protocol
		if protocol == "" {
			protocol = corev1.ProtocolTCP
		}
		choice(c, at.Child("protocol"), protocol, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
		host := port.HostPort
		if host == 0 && c.pod.HostNetwork {
			host = port.ContainerPort
		}
		if host == 0 {
			continue
		}
		c.within(at.Child("hostPort"), int64(host), 1, 65535)
		if c.pod.HostNetwork && host != port.ContainerPort {
			c.invalid(at.Child("hostPort"), host, "must equal containerPort together with hostNetwork: set both to the same value, or remove hostPort")
		}
		key := fmt.Sprintf("%s/%s/%d", protocol, port.HostIP, host)
		if taken[key] {
			c.invalid(at, key, "is a port of the node that this pod uses twice: use another port, or remove one of them")
		}
		taken[key] = true
	}
}

// portName reports whether the name of a port is valid.
func (c *checker) portName(path place, name string) bool {
	valid := len(name) <= 15 && len(validation.IsValidPortName(name)) == 0
	if !valid {
		c.invalid(path, name, "must have at most 15 lower case letters, digits and single '-', with at least one letter, and begin and end with a letter or digit")
	}
	return valid
}

func (c *checker) portOrName(path place, port intstr.IntOrString) {
	if port.Type == intstr.String {
		c.portName(path, port.StrVal)
		return
	}
	c.within(path, int64(port.IntVal), 1, 65535)
}
