package pods

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// What a resolver accepts.
const (
	mostNameservers  = 3
	mostSearches     = 32
	mostSearchLength = 2048
)

func (c *checker) network(path place) {
	pod := c.pod
	if pod.DNSPolicy != "" {
		choice(c, path.Child("dnsPolicy"), pod.DNSPolicy, corev1.DNSClusterFirst, corev1.DNSClusterFirstWithHostNet, corev1.DNSDefault, corev1.DNSNone)
	}
	c.dns(path.Child("dnsConfig"))
	if pod.Hostname != "" {
		c.label(path.Child("hostname"), pod.Hostname)
	}
	if pod.Subdomain != "" {
		c.label(path.Child("subdomain"), pod.Subdomain)
	}
	if name := pod.HostnameOverride; name != nil {
		c.hostnameOverride(*name, path.Child("hostnameOverride"))
	}
	for i, alias := range pod.HostAliases {
		at := path.Child("hostAliases").Index(i)
		c.ip(at.Child("ip"), alias.IP)
		for j, name := range alias.Hostnames {
			c.subdomain(at.Child("hostnames").Index(j), name)
		}
	}
	if pod.HostUsers != nil && !*pod.HostUsers {
		for _, namespace := range []struct {
			name string
			used bool
		}{{"hostNetwork", pod.HostNetwork}, {"hostPID", pod.HostPID}, {"hostIPC", pod.HostIPC}} {
			if namespace.used {
				c.forbidden(path.Child(namespace.name), "cannot be used together with hostUsers: false: remove one of them")
			}
		}
		c.eachContainer(path, func(container *corev1.Container, path place) {
			if len(container.VolumeDevices) > 0 {
				c.forbidden(path.Child("volumeDevices"), "cannot be used together with hostUsers: false: remove one of them")
			}
		})
	}
	if pod.HostPID && pod.ShareProcessNamespace != nil && *pod.ShareProcessNamespace {
		c.forbidden(path.Child("shareProcessNamespace"), "cannot be used together with hostPID: remove one of them")
	}
}

func (c *checker) hostnameOverride(name string, path place) {
	if len(name) > 64 {
		c.invalid(path, name, "must have at most 64 characters")
	}
	c.subdomain(path, name)
	if c.pod.SetHostnameAsFQDN != nil && *c.pod.SetHostnameAsFQDN {
		c.forbidden(path, "cannot be used together with setHostnameAsFQDN: remove one of them")
	}
	if c.pod.HostNetwork {
		c.forbidden(path, "cannot be used together with hostNetwork: remove one of them")
	}
}

func (c *checker) dns(path place) {
	config := c.pod.DNSConfig
	if c.pod.DNSPolicy == corev1.DNSNone && (config == nil || len(config.Nameservers) == 0) {
		c.missing(path.Child("nameservers"), "must be set because dnsPolicy is None")
	}
	if config == nil {
		return
	}
	if len(config.Nameservers) > mostNameservers {
		c.invalid(path.Child("nameservers"), len(config.Nameservers), fmt.Sprintf("must have at most %d servers", mostNameservers))
	}
	for i, server := range config.Nameservers {
		c.ip(path.Child("nameservers").Index(i), server)
	}
	if len(config.Searches) > mostSearches || len(strings.Join(config.Searches, " ")) > mostSearchLength {
		c.invalid(path.Child("searches"), len(config.Searches),
			fmt.Sprintf("must have at most %d domains and %d characters in total", mostSearches, mostSearchLength))
	}
	for i, search := range config.Searches {
		name := strings.TrimSuffix(search, ".")
		if search != "." && (len(name) > validation.DNS1123SubdomainMaxLength || len(validation.IsDNS1123SubdomainWithUnderscore(name)) > 0) {
			c.invalid(path.Child("searches").Index(i), search, "must be a domain, for example cluster.local")
		}
	}
	for i, option := range config.Options {
		c.required(path.Child("options").Index(i).Child("name"), option.Name)
	}
}
