package identity

import (
	"fmt"
	"math"
	"slices"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// Validate returns an error for an identity, resolved by another cluster, that no source of this cluster
// could return under its cluster policy.
func Validate(found annotations.Identity, policy config.Identity) error {
	switch own := fmt.Sprintf("u%d", found.UID); {
	case found.UserName != own && !IsUserName(found.UserName):
		return fmt.Errorf("user name %q is invalid or reserved for the system: ask your administrator to change it on the manager cluster", found.UserName)
	case found.Home == "" || !IsHome(found.Home):
		return fmt.Errorf("home %q is invalid: ask your administrator to set a path on the manager cluster, for example /home/NAME", found.Home)
	case slices.Max(append(slices.Clone(found.Groups), found.UID, found.GID)) > math.MaxInt32:
		return fmt.Errorf("an id of %s is too large: ask your administrator for one of at most %d", found, math.MaxInt32)
	}
	return inBounds(found, policy)
}
