package annotations

import "testing"

func TestShortQuantities(t *testing.T) {
	for text, want := range map[string]bool{
		"1": true, "500m": true, "4Gi": true, "1Ei": true, "2E": true, "1e3": true, "1E-9": true, "1e+18": true, `"1e3"`: true, "lots": true, "": true,
		"1e-99999999": false, "1E2147483648": false, "1e+100": false, "1e-100": false, `"1e-99999999"`: false,
		"11111111111111111111111111111111111111111111111111111111111111111": false,
	} {
		if got := IsShortQuantity(text); got != want {
			t.Errorf("%s: got %t", text, got)
		}
	}
}

// A quantity with a huge exponent is refused at once: Kubernetes' parser would take minutes.
func TestHugeExponents(t *testing.T) {
	for _, key := range []string{GPUMemoryKey, LargeShmKey, GPUKey} {
		for _, text := range []string{"1e-99999999", "1E2147483648", "1e-2147483648"} {
			if _, errs := Parse(map[string]string{key: text}); len(errs) != 1 {
				t.Errorf("%s: %s: got %v", key, text, errs)
			}
		}
	}
}
