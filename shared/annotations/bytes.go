package annotations

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"
)

const mebibyte = 1 << 20

// Bytes is an amount of memory in bytes, above 0 wherever it was read from text.
type Bytes int64

// Quantity returns the amount as Kubernetes writes it.
func (b Bytes) Quantity() resource.Quantity {
	if b%mebibyte == 0 {
		return *resource.NewQuantity(int64(b), resource.BinarySI)
	}
	return *resource.NewQuantity(int64(b), resource.DecimalSI)
}

// MiB returns the amount in mebibytes, rounded up.
func (b Bytes) MiB() int64 { return (int64(b) + mebibyte - 1) / mebibyte }

// String writes the amount as a quantity: 1G, 64Mi.
func (b Bytes) String() string {
	quantity := b.Quantity()
	return quantity.String()
}

// UnmarshalText reads a Kubernetes quantity above 0.
func (b *Bytes) UnmarshalText(text []byte) error {
	quantity, err := resource.ParseQuantity(string(text))
	if err != nil {
		return errors.New("is not an amount of memory: write a number with a unit, such as 1G, 20M or 512Mi")
	}
	if quantity.Sign() <= 0 {
		return errors.New("is not an amount above 0: write for example 20M or 1G, or leave it out")
	}
	if quantity.CmpInt64(1<<62) > 0 {
		return errors.New("is more memory than any machine has: write for example 1G")
	}
	*b = Bytes(quantity.Value())
	return nil
}

// DefaultShm is the /dev/shm that container runtimes give where nothing is asked.
const DefaultShm Bytes = 64 * mebibyte

// LargeShm is a memory-backed /dev/shm.
type LargeShm struct {
	// Size bounds it; 0: the policy's maximum, or the memory limit.
	Size Bytes
}

// String writes true, or the size.
func (s LargeShm) String() string {
	if s.Size == 0 {
		return "true"
	}
	return s.Size.String()
}

// readLargeShm reads true, false (nil) or a size of at least [DefaultShm].
func readLargeShm(target **LargeShm, text string) error {
	switch text {
	case "true":
		*target = &LargeShm{}
		return nil
	case "false":
		*target = nil
		return nil
	}
	var shm LargeShm
	if err := shm.Size.UnmarshalText([]byte(text)); err != nil {
		return errors.New("is neither true nor false nor a size: write true, or a size such as 8Gi")
	}
	if shm.Size < DefaultShm {
		return fmt.Errorf("is smaller than the %s that every container has anyway: write a larger size such as 8Gi", DefaultShm)
	}
	*target = &shm
	return nil
}
