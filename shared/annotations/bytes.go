package annotations

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"
)

const mebibyte = 1 << 20

// Bytes is an amount of memory in bytes. One that was read from text is above 0.
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

// UnmarshalText reads a Kubernetes quantity above 0 and rounds it up to whole bytes.
func (b *Bytes) UnmarshalText(text []byte) error {
	quantity, err := ParseQuantity(string(text))
	if err != nil {
		return errors.New("must be a quantity, for example 1G, 20M or 512Mi")
	}
	if quantity.Sign() <= 0 {
		return errors.New("must be above 0, for example 20M or 1G")
	}
	if quantity.CmpInt64(1<<62) > 0 {
		return errors.New("must be at most 4Ei, for example 1G")
	}
	*b = Bytes(quantity.Value())
	return nil
}

// DefaultShm is the size of /dev/shm in a container that mounts nothing there.
const DefaultShm Bytes = 64 * mebibyte

// LargeShm is a memory-backed /dev/shm.
type LargeShm struct {
	// Size is the maximum in bytes. Default: the cluster policy's maximum, else the memory limit.
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
		return errors.New("must be true, false or a size, for example 8Gi")
	}
	if shm.Size < DefaultShm {
		return fmt.Errorf("must be at least %s, the default size of /dev/shm, for example 8Gi", DefaultShm)
	}
	*target = &shm
	return nil
}
