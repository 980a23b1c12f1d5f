// Package chart renders the Helm chart with helm's own engine, and reads manifests.
package chart

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

// Release and Namespace are the names under which the chart is rendered, and Repository is the value of
// image.repository, which has no default.
const (
	Release    = "runai-mpi"
	Namespace  = "runai-system"
	Repository = "registry.example.com/runai-webhook"
)

// A Cluster is what the function lookup of the templates reads.
type Cluster = engine.ClientProvider

// Render returns what helm template prints with these arguments, such as --set key=value, including the CRDs and
// the hooks. Only image.repository is already set.
func Render(ctx context.Context, args ...string) (Objects, error) {
	rendered, err := render(ctx, nil, args)
	return rendered.objects, err
}

// RenderFor is Render for a cluster, as helm install and helm upgrade do.
func RenderFor(ctx context.Context, cluster Cluster, args ...string) (Objects, error) {
	rendered, err := render(ctx, cluster, args)
	return rendered.objects, err
}

// Notes returns what helm install prints for a cluster.
func Notes(ctx context.Context, cluster Cluster, args ...string) (string, error) {
	rendered, err := render(ctx, cluster, args)
	return rendered.notes, err
}

type rendered struct {
	objects Objects
	notes   string
}

func render(ctx context.Context, cluster Cluster, args []string) (rendered, error) {
	dir, err := Directory()
	if err != nil {
		return rendered{}, err
	}
	chart, err := loader.LoadDir(dir)
	if err != nil {
		return rendered{}, fmt.Errorf("cannot read the chart: %w", err)
	}
	arguments, err := parse(args)
	if err != nil {
		return rendered{}, err
	}
	if arguments.chartVersion != "" {
		chart.Metadata.Version = arguments.chartVersion
	}
	files, err := execute(ctx, chart, cluster, arguments)
	if err != nil {
		return rendered{}, fmt.Errorf("cannot render the chart: %w", err)
	}
	notes := chart.Name() + "/templates/NOTES.txt"
	result := rendered{notes: files[notes]}
	delete(files, notes)
	result.objects, err = decode(chart, files)
	return result, err
}

func execute(ctx context.Context, chart *chartv2.Chart, cluster Cluster, args arguments) (map[string]string, error) {
	capabilities, err := args.capabilities()
	if err != nil {
		return nil, err
	}
	if constraint := chart.Metadata.KubeVersion; !chartutil.IsCompatibleRange(constraint, capabilities.KubeVersion.String()) {
		return nil, fmt.Errorf("it needs Kubernetes %s, not %s", constraint, capabilities.KubeVersion.Version)
	}
	release := common.ReleaseOptions{
		Name: args.release, Namespace: args.namespace, Revision: 1, IsInstall: !args.upgrade, IsUpgrade: args.upgrade,
	}
	values, err := util.ToRenderValues(chart, args.values, release, capabilities)
	if err != nil {
		return nil, err
	}
	if cluster != nil {
		return engine.RenderWithClientProvider(chart, values, cluster)
	}
	return engine.Engine{}.RenderWithContext(ctx, chart, values)
}

// decode returns the CRDs, which are not templates, and then the other objects in the order of installation. The
// hooks are the last.
func decode(chart *chartv2.Chart, files map[string]string) (Objects, error) {
	hooks, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return nil, fmt.Errorf("cannot read what the chart renders: %w", err)
	}
	var text strings.Builder
	for _, crd := range chart.CRDObjects() {
		fmt.Fprintf(&text, "---\n%s\n", crd.File.Data)
	}
	for _, manifest := range manifests {
		fmt.Fprintf(&text, "---\n%s\n", manifest.Content)
	}
	for _, hook := range hooks {
		fmt.Fprintf(&text, "---\n%s\n", hook.Manifest)
	}
	return Decode(strings.NewReader(text.String()))
}

// Directory returns the chart's folder.
func Directory() (string, error) {
	root, err := binaries.RepositoryRoot()
	return filepath.Join(root, "charts", "runai-mpi"), err
}
