package annotations

import (
	"errors"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

var errQuantity = errors.New("must be a quantity, for example 500m, 2 or 4Gi")

// ParseQuantity reads a Kubernetes quantity that [IsShortQuantity].
func ParseQuantity(text string) (resource.Quantity, error) {
	if !IsShortQuantity(text) {
		return resource.Quantity{}, errQuantity
	}
	return resource.ParseQuantity(text)
}

// IsShortQuantity reports whether a quantity, if it is one, can be read in a short time. Kubernetes computes
// 10 to the power of the exponent digit by digit: 1e-99999999 takes minutes and gigabytes.
func IsShortQuantity(text string) bool {
	const mostDigits = 2 // the largest quantity is below 1e19, the smallest 1e-9
	if len(text) > 64 {
		return false
	}
	_, exponent, found := strings.Cut(strings.ToLower(text), "e")
	return !found || len(strings.Trim(exponent, `+-" `)) <= mostDigits
}
