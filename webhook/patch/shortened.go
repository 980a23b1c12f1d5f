package patch

import (
	"fmt"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
)

// shortened removes the elements that the second list lacks, the last first, so that the indexes of
// the others stay right.
func (w *walk) shortened(before, after reflect.Value) {
	var removed []int
	kept := 0
	for i := range before.Len() {
		if kept < after.Len() && equality.Semantic.DeepEqual(before.Index(i).Interface(), after.Index(kept).Interface()) {
			kept++
			continue
		}
		removed = append(removed, i)
	}
	if kept < after.Len() {
		w.err = fmt.Errorf("%s has elements both removed and changed", w.path)
		return
	}
	for _, i := range slices.Backward(removed) {
		w.path.pushIndex(i)
		w.remove()
		w.path.pop()
	}
}
