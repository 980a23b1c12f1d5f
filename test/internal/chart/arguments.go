package chart

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/strvals"
	"sigs.k8s.io/yaml"
)

// KubernetesVersion is the version for which the chart is rendered, unless --kube-version names another.
const KubernetesVersion = "v1.37.2"

// arguments are those of helm template.
type arguments struct {
	release, namespace string
	values             map[string]any
	kubeVersion        string
	apiVersions        []string
	upgrade            bool
	chartVersion       string // replaces the version in Chart.yaml, as helm package --version does
}

// parse reads flags of helm template, and then a release name, if it is not the default.
func parse(args []string) (arguments, error) {
	parsed := arguments{release: Release, kubeVersion: KubernetesVersion}
	var files, sets, texts []string
	flags := flag.NewFlagSet("helm template", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Func("values", "", collect(&files))
	flags.Func("set", "", collect(&sets))
	flags.Func("set-string", "", collect(&texts))
	flags.Func("api-versions", "", collect(&parsed.apiVersions))
	flags.StringVar(&parsed.namespace, "namespace", Namespace, "")
	flags.StringVar(&parsed.kubeVersion, "kube-version", KubernetesVersion, "")
	flags.StringVar(&parsed.chartVersion, "version", "", "")
	flags.BoolVar(&parsed.upgrade, "is-upgrade", false, "")
	if err := flags.Parse(args); err != nil {
		return arguments{}, fmt.Errorf("cannot render the chart: %w", err)
	}
	if flags.NArg() > 0 {
		parsed.release = flags.Arg(0)
	}
	var err error
	parsed.values, err = merge(files, sets, texts)
	return parsed, err
}

func collect(into *[]string) func(string) error {
	return func(value string) error {
		*into = append(*into, value)
		return nil
	}
}

// merge gives later values precedence, in helm's order: files, --set, --set-string.
func merge(files, sets, texts []string) (map[string]any, error) {
	values := map[string]any{"image": map[string]any{"repository": Repository}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("cannot read the values: %w", err)
		}
		var changes map[string]any
		if err := yaml.Unmarshal(text, &changes); err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", file, err)
		}
		values = loader.MergeMaps(values, changes)
	}
	for _, set := range sets {
		if err := strvals.ParseInto(set, values); err != nil {
			return nil, fmt.Errorf("cannot read --set %s: %w", set, err)
		}
	}
	for _, text := range texts {
		if err := strvals.ParseIntoString(text, values); err != nil {
			return nil, fmt.Errorf("cannot read --set-string %s: %w", text, err)
		}
	}
	return values, nil
}

func (a arguments) capabilities() (*common.Capabilities, error) {
	version, err := common.ParseKubeVersion(a.kubeVersion)
	if err != nil {
		return nil, fmt.Errorf("invalid version %s of Kubernetes: %w", a.kubeVersion, err)
	}
	capabilities := common.DefaultCapabilities.Copy()
	capabilities.KubeVersion = *version
	capabilities.APIVersions = slices.Concat(capabilities.APIVersions, a.apiVersions)
	return capabilities, nil
}
