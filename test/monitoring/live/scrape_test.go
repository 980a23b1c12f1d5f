package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/storage"
	"k8s.io/client-go/rest"
)

// target has metrics, and the labels that a Prometheus adds to them.
type target struct {
	url    string
	client *http.Client
	labels map[string]string
}

// targets are a replica and the API server, as the Prometheus Operator reads them.
func targets(t *testing.T, replica string) []target {
	t.Helper()
	client, err := rest.HTTPClientFor(product.Config)
	if err != nil {
		t.Fatal(err)
	}
	return []target{
		{"http://" + replica + "/metrics", http.DefaultClient, map[string]string{
			"namespace": "runai-system", "service": "runai-mpi-metrics", "pod": "runai-mpi-0",
			"job": "runai-mpi-metrics", "instance": replica,
		}},
		{strings.TrimSuffix(product.Config.Host, "/") + "/metrics", client, map[string]string{
			"job": "apiserver", "instance": product.Config.Host,
		}},
	}
}

// scrape stores what a target serves, as of some time.
func (s target) scrape(ctx context.Context, into storage.Appendable, at time.Time) (err error) {
	appender := into.Appender(ctx)
	defer func() { err = errors.Join(err, appender.Commit()) }()
	body, kind, err := s.read(ctx)
	if err != nil {
		return err
	}
	parser, err := textparse.New(body, kind, labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		return err
	}
	add := func(series labels.Labels, value float64) error {
		builder := labels.NewBuilder(series)
		for name, text := range s.labels {
			if series.Get(name) == "" { // the chart's ServiceMonitor has honorLabels
				builder.Set(name, text)
			}
		}
		_, err := appender.Append(0, builder.Labels(), at.UnixMilli(), value)
		return err
	}
	if err := add(labels.FromStrings("__name__", "up"), 1); err != nil {
		return err
	}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cannot read the metrics: %w", err)
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var series labels.Labels
		parser.Labels(&series)
		_, _, value := parser.Series()
		if err := add(series, value); err != nil {
			return err
		}
	}
}

func (s target) read(ctx context.Context) (body []byte, kind string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, "", err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return body, response.Header.Get("Content-Type"), err
}
