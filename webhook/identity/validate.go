package identity

import (
	"fmt"
	"math"
	"slices"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// Validate holds an identity that another cluster resolved to this one's policy: one of its own sources
// could have said it.
func Validate(found annotations.Identity, policy config.Identity) error {
	switch own := fmt.Sprintf("u%d", found.UID); {
	case found.UserName != own && !isUserName(found.UserName):
		return fmt.Errorf("the name %q is none that a user can have", found.UserName)
	case found.Home == "" || !isHome(found.Home):
		return fmt.Errorf("the home %q is none of a user", found.Home)
	case slices.Max(append(slices.Clone(found.Groups), found.UID, found.GID)) > math.MaxInt32:
		return fmt.Errorf("an id of %s is more than a pod can have", found)
	}
	return inBounds(found, policy)
}
