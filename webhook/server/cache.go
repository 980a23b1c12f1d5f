package server

import "k8s.io/apimachinery/pkg/api/meta"

// dropUnread drops what nobody reads before an object is cached, which is most of it: kubectl apply keeps a
// copy of the whole in an annotation. A cached object comes here again while others read it, and has
// nothing left to drop.
func dropUnread(object any) (any, error) {
	metadata, err := meta.Accessor(object)
	if err == nil && metadata.GetManagedFields() != nil {
		metadata.SetManagedFields(nil)
	}
	if err == nil && metadata.GetAnnotations() != nil {
		metadata.SetAnnotations(nil)
	}
	return object, nil
}
