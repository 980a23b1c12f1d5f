package server

import "k8s.io/apimachinery/pkg/api/meta"

// dropUnread removes managed fields and annotations, which nobody reads, before an object is cached. They
// are most of it: kubectl apply keeps a copy of the whole object in an annotation. The cache may call
// dropUnread again with a cached object while others read it, so it must not write to it then.
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
