package server

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// subjectField is the index that makes a look-up independent of the number of entries.
const subjectField = "spec.subject"

func subjectOf(object client.Object) []string {
	return []string{object.(*v1alpha1.PosixIdentity).Spec.Subject}
}

// CachedDirectory looks entries up in the informers' cache.
type CachedDirectory struct{ Reader client.Reader }

// EntriesOf returns the entries of a subject.
func (c CachedDirectory) EntriesOf(ctx context.Context, subject string) ([]v1alpha1.PosixIdentity, error) {
	var list v1alpha1.PosixIdentityList
	if err := c.Reader.List(ctx, &list, client.MatchingFields{subjectField: subject}); err != nil {
		return nil, unavailable("cannot look up the PosixIdentity entries of %s: %s", subject, err)
	}
	return list.Items, nil
}
