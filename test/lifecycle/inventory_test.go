package lifecycle

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/pages"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/runai-mpi/runai-mpi/test/internal/suite"
)

// An object is what an inventory lists.
type object struct{ resource, namespace, name string }

func (o object) String() string {
	return strings.TrimSpace(o.resource + " " + strings.TrimPrefix(o.namespace+"/"+o.name, "/"))
}

// An inventory has every object in the cluster, except for events and the leases of nodes, with its UID.
type inventory map[object]string

// takeInventory lists all objects of all API resources.
func takeInventory(t *testing.T) inventory {
	t.Helper()
	found, err := inventoryOf(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func inventoryOf(ctx context.Context) (inventory, error) {
	config := rest.CopyConfig(product.Config)
	config.WarningHandler = rest.NoWarnings{} // about old resources
	apis, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	client, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	lists, err := apis.ServerPreferredResources()
	if err != nil {
		return nil, err
	}
	found := inventory{}
	for _, list := range lists {
		group, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, resource := range list.APIResources {
			if !slices.Contains(resource.Verbs, "list") || resource.Name == "events" {
				continue
			}
			objects, err := client.Resource(group.WithResource(resource.Name)).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, fmt.Errorf("cannot list %s: %w", resource.Name, err)
			}
			for _, item := range objects.Items {
				if item.Namespace == "kube-node-lease" {
					continue // the kubelet makes it, when it likes
				}
				found[object{resource.Name, item.Namespace, item.Name}] = string(item.UID)
			}
		}
	}
	return found, nil
}

// since returns the objects that did not exist before, in order.
func (i inventory) since(before inventory) []object {
	added := maps.Clone(i)
	maps.DeleteFunc(added, func(o object, _ string) bool { _, found := before[o]; return found })
	return slices.SortedFunc(maps.Keys(added), func(a, b object) int { return strings.Compare(a.String(), b.String()) })
}

// nothingIsLeft waits until the cluster has the objects that it had before, and no others.
func nothingIsLeft(t *testing.T, before inventory) {
	t.Helper()
	suite.Eventually(t, "nothing is left", time.Minute, func() error {
		now := takeInventory(t)
		if left := now.since(before); len(left) > 0 {
			return fmt.Errorf("left: %v", left)
		}
		if gone := before.since(now); len(gone) > 0 {
			return fmt.Errorf("gone: %v", gone)
		}
		return nil
	})
}

var (
	tableRow = regexp.MustCompile(`(?m)^\| ([^|]*) \|`)
	code     = regexp.MustCompile("`([^`]+)`")
)

// onlyWhatThePageSaysIsLeft waits until nothing is left but what docs/uninstall.md lists, and fails the test if the
// page lists more. The last row is about a failed upgrade.
func onlyWhatThePageSaysIsLeft(t *testing.T, before inventory, projects ...string) {
	t.Helper()
	var rows [][]string
	for _, row := range tableRow.FindAllStringSubmatch(pages.Section(t, "uninstall.md", "What stays"), -1) {
		var words []string
		for _, word := range code.FindAllStringSubmatch(row[1], -1) {
			words = append(words, word[1])
		}
		if len(words) > 0 {
			rows = append(rows, words)
		}
	}
	suite.Eventually(t, "only what the page lists is left", time.Minute, func() error {
		unlisted, unused := compareWithPage(takeInventory(t).since(before), rows, projects)
		if len(unlisted) > 0 {
			return fmt.Errorf("left and not listed: %v", unlisted)
		}
		if len(unused) > 0 {
			return fmt.Errorf("listed and not left: %v", unused)
		}
		return nil
	})
}

// compareWithPage returns the objects that no row lists, and the rows that list none. A row has resources and names of
// objects: those of the other rows, or any.
func compareWithPage(left []object, rows [][]string, projects []string) (unlisted []object, unused [][]string) {
	used := map[int]bool{}
	for _, o := range left {
		listed := slices.Contains(projects, o.namespace) || inEveryNamespace(o)
		for i, words := range rows {
			others := slices.DeleteFunc(slices.Clone(words), func(word string) bool { return word == o.resource })
			isNamed := slices.Contains(others, o.name)
			isAny := !slices.ContainsFunc(others, func(word string) bool { return strings.ContainsAny(word, ".-") })
			isAny = isAny && (o.resource != "namespaces" || slices.Contains(projects, o.name))
			if len(others) < len(words) && (isNamed || isAny) {
				listed, used[i] = true, true
			}
		}
		if !listed {
			unlisted = append(unlisted, o)
		}
	}
	for i, words := range rows {
		if !used[i] && !slices.Contains(words, "runai-mpi-prepare") {
			unused = append(unused, words)
		}
	}
	return unlisted, unused
}

// inEveryNamespace reports whether Kubernetes makes such an object in each namespace.
func inEveryNamespace(o object) bool {
	return o.namespace != "" &&
		(o.resource == "serviceaccounts" && o.name == "default" || o.resource == "configmaps" && o.name == "kube-root-ca.crt")
}
