// Package crds applies the CustomResourceDefinitions of the product to a cluster. It never deletes one, and never
// replaces one by an older one.
package crds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	apiextensionsclient "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/typed/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"

	"github.com/runai-mpi/runai-mpi/webhook/apiserver"
)

const (
	// fieldManager owns the fields of the CRDs. It takes them over from helm and kubectl, which applied them first.
	fieldManager = "runai-mpi"
	pollInterval = 250 * time.Millisecond
	// reportInterval is the time between lines about what it waits for.
	reportInterval = 5 * time.Second
	requestTime    = 10 * time.Second
)

// Apply applies every embedded CRD and waits until the API server serves it. What is only temporary, such as an API
// server that does not answer, is tried again until the context ends. It reports what it did, in one line per CRD,
// and its error has one line per CRD that it could not apply.
func Apply(ctx context.Context, config *rest.Config, report io.Writer) error {
	config = rest.CopyConfig(config)
	config.Timeout, config.QPS = requestTime, -1 // the poll interval is the limit
	clients, err := apiextensions.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("cannot make a client: %w", err)
	}
	var errs []error
	for _, definition := range embedded() {
		a := applier{clients.ApiextensionsV1().CustomResourceDefinitions(), definition, report, ""}
		if err := a.untilServed(ctx); err != nil {
			errs = append(errs, fmt.Errorf("cannot apply the CRD %s: %w", definition.Name, err))
		}
		if ctx.Err() != nil {
			break // the reason is the same for all
		}
	}
	return errors.Join(errs...)
}

// An applier applies one CRD.
type applier struct {
	crds       apiextensionsclient.CustomResourceDefinitionInterface
	definition definition
	report     io.Writer
	done       string // what it did
}

// untilServed applies the CRD and waits until it is served, or until an error that will not pass.
func (a *applier) untilServed(ctx context.Context) error {
	var last error
	reported := time.Now()
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		err := apiserver.Explain(a.apply(ctx))
		switch {
		case err == nil:
			fmt.Fprintf(a.report, "%s: %s\n", a.definition.Name, a.done)
			return true, nil
		case !passes(err):
			return false, err
		case ctx.Err() == nil || last == nil: // an error of the end says less than an earlier one
			last = err
		}
		if time.Since(reported) >= reportInterval {
			reported = time.Now()
			fmt.Fprintf(a.report, "%s: waiting: %s\n", a.definition.Name, last)
		}
		return false, nil
	})
	if ctx.Err() != nil && last != nil {
		return last
	}
	return err
}

// apply applies the CRD if that is necessary, and returns an error unless it is served.
func (a *applier) apply(ctx context.Context) error {
	stored, err := a.crds.Get(ctx, a.definition.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		stored = &apiextensionsv1.CustomResourceDefinition{}
	case err != nil:
		return err
	case stored.DeletionTimestamp != nil:
		return errors.New("it is being deleted, and all of its objects with it: try again after that")
	}
	if why := a.definition.whyNewer(stored); why != "" {
		a.done = "left as it is, because it is of a newer release: " + why
		return served(stored)
	}
	force := true
	applied, err := a.crds.Patch(ctx, a.definition.Name, types.ApplyPatchType, a.definition.json,
		metav1.PatchOptions{FieldManager: fieldManager, Force: &force})
	if err != nil {
		return err
	}
	switch {
	case stored.Name == "":
		a.done = "created"
	case stored.Generation != applied.Generation:
		a.done = "updated"
	case a.done == "": // not in an earlier try
		a.done = "unchanged"
	}
	return served(applied)
}

// served returns why the API server does not serve a CRD yet, or nil.
func served(crd *apiextensionsv1.CustomResourceDefinition) error {
	for _, condition := range crd.Status.Conditions {
		switch {
		case condition.Type == apiextensionsv1.Established && condition.Status == apiextensionsv1.ConditionTrue:
			return nil
		case condition.Type == apiextensionsv1.NamesAccepted && condition.Status == apiextensionsv1.ConditionFalse:
			return fmt.Errorf("another CRD has its names: %s", condition.Message)
		}
	}
	return errors.New("the API server does not serve it yet")
}

// passes reports whether an error may be temporary, as when the API server did not answer.
func passes(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return true
	}
	switch code := status.Status().Code; {
	case code == 0, code >= 500, code == 429, code == 409:
		return true
	}
	return false
}
