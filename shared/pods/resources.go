package pods

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/runai-mpi/runai-mpi/shared/names"
)

// sortedKeys returns the keys in a fixed order, so that errors do not change between calls.
func sortedKeys[K ~string, V any](of map[K]V) []K {
	return appendSorted(make([]K, 0, 16), of) // inlined: few keys are on the caller's stack
}

func appendSorted[K ~string, V any](keys []K, of map[K]V) []K {
	for key := range of {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// resources validates requests and limits. The parameter unnamed returns what is wrong with the name of one, or "".
func (c *checker) resources(of corev1.ResourceRequirements, path place, unnamed func(corev1.ResourceName) string) {
	for _, name := range sortedKeys(of.Limits) {
		c.quantity(name, of.Limits[name], path.Child("limits").Key(string(name)), unnamed)
	}
	hasPages, hasOther := false, false
	for _, list := range []corev1.ResourceList{of.Limits, of.Requests} {
		for name := range list {
			hasPages = hasPages || isHugePages(name)
			hasOther = hasOther || name == corev1.ResourceCPU || name == corev1.ResourceMemory
		}
	}
	if hasPages && !hasOther {
		c.forbidden(path, "huge pages also need cpu or memory: set a limit for one of them")
	}
	for _, name := range sortedKeys(of.Requests) {
		request, at := of.Requests[name], path.Child("requests").Key(string(name))
		c.quantity(name, request, at, unnamed)
		limit, limited := of.Limits[name]
		switch {
		case limited && request.Cmp(limit) > 0:
			c.invalid(at, request.String(), fmt.Sprintf("exceeds the limit of %s: lower the request or raise the limit", limit.String()))
		case isFixed(name) && (!limited || request.Cmp(limit) < 0):
			c.invalid(at, request.String(), "must equal the limit: set both to the same value, or set only the limit")
		}
	}
	c.claimRefs(of.Claims, path.Child("claims"))
}

func (c *checker) quantity(name corev1.ResourceName, amount resource.Quantity, path place, unnamed func(corev1.ResourceName) string) {
	if detail := unnamed(name); detail != "" {
		c.invalid(path, string(name), detail)
		return
	}
	switch {
	case amount.Sign() < 0:
		c.invalid(path, amount.String(), "must be at least 0")
	case !isNative(name) && amount.MilliValue()%1000 != 0:
		c.invalid(path, amount.String(), "must be a whole number")
	case isHugePages(name) && !isMultiple(name, amount):
		c.invalid(path, amount.String(), "must be a multiple of the page size in the name "+string(name))
	}
}

func isHugePages(name corev1.ResourceName) bool {
	return strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix)
}

// isNative reports whether Kubernetes itself defines a resource, not a device plugin.
func isNative(name corev1.ResourceName) bool {
	return !strings.Contains(string(name), "/") || strings.Contains(string(name), corev1.ResourceDefaultNamespacePrefix)
}

// isFixed reports whether a resource cannot be used beyond its request.
func isFixed(name corev1.ResourceName) bool { return !isNative(name) || isHugePages(name) }

// isMultiple reports whether an amount of huge pages is a number of pages.
func isMultiple(name corev1.ResourceName, amount resource.Quantity) bool {
	text := strings.TrimPrefix(string(name), corev1.ResourceHugePagesPrefix)
	if len(text) > 20 {
		return false
	}
	page, err := resource.ParseQuantity(text)
	return err == nil && page.Sign() > 0 && page.MilliValue()%1000 == 0 && page.Value() > 0 && amount.Value()%page.Value() == 0
}

// containerResource returns what is wrong with the name of a container's resource, or "".
func containerResource(name corev1.ResourceName) string {
	text := string(name)
	switch {
	case !names.IsQualified(text):
		return "must be the name of a resource, for example cpu, hugepages-2Mi or nvidia.com/gpu"
	case !strings.Contains(text, "/") && name != corev1.ResourceCPU && name != corev1.ResourceMemory && name != corev1.ResourceEphemeralStorage && !isHugePages(name):
		return "must be cpu, memory, ephemeral-storage, hugepages-SIZE, or the name of a device with its domain"
	case !isNative(name) && (strings.HasPrefix(text, corev1.DefaultResourceRequestsPrefix) || !names.IsQualified(corev1.DefaultResourceRequestsPrefix+text)):
		return "must be the name of a device without the prefix requests., for example nvidia.com/gpu"
	}
	return ""
}

// podResource returns what is wrong with the name of a resource of a whole pod, or "".
func podResource(name corev1.ResourceName) string {
	if !names.IsQualified(string(name)) || name != corev1.ResourceCPU && name != corev1.ResourceMemory && !isHugePages(name) {
		return "must be cpu, memory or hugepages-SIZE: set other resources in the containers"
	}
	return ""
}

// podResources validates the resources of the whole pod, which its containers share.
func (c *checker) podResources(whole *corev1.ResourceRequirements, path place) {
	if c.isWindows() {
		c.forbidden(path, "cannot be set for Windows: set the resources of the containers")
		return
	}
	if whole.Claims != nil {
		c.forbidden(path.Child("claims"), "must be set in a container")
	}
	c.resources(corev1.ResourceRequirements{Limits: whole.Limits, Requests: whole.Requests}, path, podResource)
	sum := c.sum(func(container *corev1.Container) corev1.ResourceList { return requestsOf(container) })
	for _, name := range sortedKeys(sum) {
		needed := sum[name]
		if most, at, isSet := shared(whole, name, path); isSet && needed.Cmp(most) > 0 {
			c.invalid(at, most.String(), fmt.Sprintf("is less than the containers request together (%s): raise it, or lower their requests", needed.String()))
		}
	}
	limits := c.sum(func(container *corev1.Container) corev1.ResourceList { return container.Resources.Limits })
	for _, name := range sortedKeys(limits) {
		needed, most := limits[name], whole.Limits[name]
		if _, isSet := whole.Limits[name]; isSet && isHugePages(name) && needed.Cmp(most) > 0 {
			c.invalid(path.Child("limits").Key(string(name)), most.String(), fmt.Sprintf("is less than the containers' limits together (%s): raise it, or lower their limits", needed.String()))
		}
	}
	for i := range c.pod.Containers {
		for name, limit := range c.pod.Containers[i].Resources.Limits {
			if most, isSet := whole.Limits[name]; isSet && limit.Cmp(most) > 0 {
				c.invalid(path.Child("limits").Key(string(name)), most.String(),
					fmt.Sprintf("is less than the limit of containers[%d], %s: raise it, or lower that limit", i, limit.String()))
			}
		}
	}
}

// shared returns what the containers of a pod can request together. Without a request, the limit counts.
func shared(whole *corev1.ResourceRequirements, name corev1.ResourceName, path place) (resource.Quantity, place, bool) {
	if request, isSet := whole.Requests[name]; isSet {
		return request, path.Child("requests").Key(string(name)), true
	}
	limit, isSet := whole.Limits[name]
	return limit, path.Child("limits").Key(string(name)), isSet && podResource(name) == ""
}

// requestsOf returns the requests of a container. Without one, the API server sets it to the limit.
func requestsOf(container *corev1.Container) corev1.ResourceList {
	requests := corev1.ResourceList{}
	maps.Copy(requests, container.Resources.Limits)
	maps.Copy(requests, container.Resources.Requests)
	return requests
}

// sum returns the most that a pod needs at any time: the containers and sidecars together, or an init container
// and the sidecars before it.
func (c *checker) sum(of func(*corev1.Container) corev1.ResourceList) corev1.ResourceList {
	total, sidecars, starting := corev1.ResourceList{}, corev1.ResourceList{}, corev1.ResourceList{}
	for i := range c.pod.Containers {
		add(total, of(&c.pod.Containers[i]))
	}
	for i := range c.pod.InitContainers {
		container := &c.pod.InitContainers[i]
		if isSidecar(container) {
			add(total, of(container))
			add(sidecars, of(container))
			continue
		}
		now := sidecars.DeepCopy()
		add(now, of(container))
		raise(starting, now)
	}
	raise(starting, sidecars)
	raise(total, starting)
	return total
}

func add(to, list corev1.ResourceList) {
	for name, amount := range list {
		sum := to[name].DeepCopy()
		sum.Add(amount)
		to[name] = sum
	}
}

func raise(to, list corev1.ResourceList) {
	for name, amount := range list {
		if old, isSet := to[name]; !isSet || amount.Cmp(old) > 0 {
			to[name] = amount
		}
	}
}

func (c *checker) resourceClaims(path place) {
	for i, claim := range c.pod.ResourceClaims {
		at := path.Index(i)
		if c.claims == nil {
			c.claims = map[string]bool{}
		}
		if c.required(at.Child("name"), claim.Name) && c.unique(c.claims, at.Child("name"), claim.Name, "claim") {
			c.label(at.Child("name"), claim.Name)
		}
		var set []string
		if claim.ResourceClaimName != nil {
			set = append(set, "resourceClaimName")
			c.subdomain(at.Child("resourceClaimName"), *claim.ResourceClaimName)
		}
		if claim.ResourceClaimTemplateName != nil {
			set = append(set, "resourceClaimTemplateName")
			c.subdomain(at.Child("resourceClaimTemplateName"), *claim.ResourceClaimTemplateName)
		}
		c.only(at, "one of resourceClaimName and resourceClaimTemplateName", set...)
	}
}

// claimRefs validates which claims of the pod a container uses: a whole claim, or some of its requests.
func (c *checker) claimRefs(refs []corev1.ResourceClaim, path place) {
	whole, requests := map[string]bool{}, map[string]bool{}
	for i, ref := range refs {
		at := path.Index(i)
		if !c.required(at.Child("name"), ref.Name) {
			continue
		}
		if !c.claims[ref.Name] {
			c.invalid(at.Child("name"), ref.Name, "is not one of the pod's resourceClaims: add it there, or use one of them")
		}
		key := ref.Name + "/" + ref.Request
		if ref.Request != "" {
			c.label(at.Child("request"), ref.Request)
		}
		if whole[ref.Name] || requests[key] || ref.Request == "" && requests[ref.Name] {
			c.invalid(at, ref.Name, "is used twice: remove one of them")
		}
		if ref.Request == "" {
			whole[ref.Name] = true
		}
		requests[key], requests[ref.Name] = true, true
	}
}
