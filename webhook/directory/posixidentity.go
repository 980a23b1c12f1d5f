package directory

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// What a directory writes on the PosixIdentities that it owns.
const (
	// DirectoryLabel has the name of the directory.
	DirectoryLabel = "policy.run.ai/directory"
	// VanishedAnnotation says since when the directory lacks the account.
	VanishedAnnotation = "policy.run.ai/vanished-at"
	// NotAfterAnnotation has the end that an administrator had set before the account vanished.
	NotAfterAnnotation = "policy.run.ai/not-after"
	// FormerUIDsAnnotation has the UIDs that the account had before, separated by spaces.
	FormerUIDsAnnotation = "policy.run.ai/former-uids"
)

// newIdentity returns the PosixIdentity of an account.
func newIdentity(account Account, directory string) *v1alpha1.PosixIdentity {
	return &v1alpha1.PosixIdentity{
		ObjectMeta: metav1.ObjectMeta{Name: objectName(account.Subject, directory), Labels: map[string]string{DirectoryLabel: directory}},
		Spec: v1alpha1.PosixIdentitySpec{
			Subject: account.Subject, UID: account.UID, GID: account.GID,
			SupplementalGroups: account.Groups, UserName: account.UserName, Home: account.Home,
		},
	}
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// objectName returns the name of the PosixIdentity of a subject: readable, and different for every subject.
func objectName(subject, directory string) string {
	sum := sha256.Sum256([]byte(subject))
	readable := notInNames.ReplaceAllString(strings.ToLower(subject), "-")
	readable = strings.Trim(readable[:min(len(readable), 60)], "-")
	return strings.Join(slices.DeleteFunc([]string{directory, readable, hex.EncodeToString(sum[:8])}, func(part string) bool { return part == "" }), "-")
}

// isVanished reports whether the account of a PosixIdentity had vanished before.
func isVanished(entry *v1alpha1.PosixIdentity) bool {
	_, found := entry.Annotations[VanishedAnnotation]
	return found
}

// vanish ends a PosixIdentity after a grace, or at the earlier end that an administrator set.
func vanish(entry *v1alpha1.PosixIdentity, now time.Time, grace time.Duration) {
	annotate(entry, VanishedAnnotation, now.Format(time.RFC3339))
	end := metav1.NewTime(now.Add(grace).Truncate(time.Second))
	if set := entry.Spec.NotAfter; set != nil {
		annotate(entry, NotAfterAnnotation, set.UTC().Format(time.RFC3339))
		if set.Before(&end) {
			return
		}
	}
	entry.Spec.NotAfter = &end
}

// reopen undoes vanish.
func reopen(entry *v1alpha1.PosixIdentity) {
	entry.Spec.NotAfter = nil
	if set, err := time.Parse(time.RFC3339, entry.Annotations[NotAfterAnnotation]); err == nil {
		end := metav1.NewTime(set)
		entry.Spec.NotAfter = &end
	}
	delete(entry.Annotations, VanishedAnnotation)
	delete(entry.Annotations, NotAfterAnnotation)
}

func formerUIDs(entry *v1alpha1.PosixIdentity) (uids []int64) {
	for _, text := range strings.Fields(entry.Annotations[FormerUIDsAnnotation]) {
		if uid, err := strconv.ParseInt(text, 10, 64); err == nil {
			uids = append(uids, uid)
		}
	}
	return uids
}

// rememberUID keeps a UID from being given to another account, because files may belong to it.
func rememberUID(entry *v1alpha1.PosixIdentity, uid int64) {
	if !slices.Contains(formerUIDs(entry), uid) {
		annotate(entry, FormerUIDsAnnotation, strings.TrimSpace(entry.Annotations[FormerUIDsAnnotation]+" "+strconv.FormatInt(uid, 10)))
	}
}

func annotate(entry *v1alpha1.PosixIdentity, key, value string) {
	entry.Annotations = maps.Clone(entry.Annotations)
	if entry.Annotations == nil {
		entry.Annotations = map[string]string{}
	}
	entry.Annotations[key] = value
}

// equal reports whether two PosixIdentities say the same. The order of groups says nothing.
func equal(a, b *v1alpha1.PosixIdentity) bool {
	x, y := a.DeepCopy(), b.DeepCopy()
	for _, entry := range []*v1alpha1.PosixIdentity{x, y} {
		slices.Sort(entry.Spec.SupplementalGroups)
		if len(entry.Spec.SupplementalGroups) == 0 {
			entry.Spec.SupplementalGroups = nil
		}
	}
	return reflect.DeepEqual(x.Spec, y.Spec)
}
