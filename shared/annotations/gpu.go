package annotations

import (
	"errors"
	"regexp"
	"strconv"

	"k8s.io/apimachinery/pkg/api/resource"
)

// GPU is a number of GPUs in billionths of one: 500_000_000 is half a GPU. It is a whole number of
// GPUs, or a fraction between 0 and 1.
type GPU int64

// OneGPU is a whole GPU.
const OneGPU GPU = 1_000_000_000

var (
	decimal = regexp.MustCompile(`^([0-9]{1,6}(\.[0-9]{0,9})?|\.[0-9]{1,9})$`)

	errGPU = errors.New("must be a whole number, or a fraction between 0 and 1, for example 0.5")
)

// GPUs returns n whole GPUs.
func GPUs(n int64) GPU { return GPU(n) * OneGPU }

// GPUOf converts a quantity of a Kubernetes resource list, in which 500m is 0.5. It returns an error unless
// the quantity is a whole number up to 999999, or a fraction between 0 and 1.
func GPUOf(quantity resource.Quantity) (GPU, error) {
	if quantity.Cmp(*resource.NewQuantity(999_999, resource.DecimalSI)) > 0 {
		return 0, errGPU
	}
	gpu := GPU(quantity.ScaledValue(resource.Nano))
	if gpu < 0 || gpu > OneGPU && gpu%OneGPU != 0 {
		return 0, errGPU
	}
	return gpu, nil
}

// IsFraction reports whether g is a fraction of one GPU.
func (g GPU) IsFraction() bool { return g%OneGPU != 0 }

// Whole returns the number of whole GPUs.
func (g GPU) Whole() int64 { return int64(g / OneGPU) }

// String writes the number as a plain decimal: 2, 0.5. Nine decimals fit into a float64 exactly enough
// for the shortest text to be the number's own.
func (g GPU) String() string {
	return strconv.FormatFloat(float64(g)/float64(OneGPU), 'f', -1, 64)
}

// UnmarshalText reads a plain decimal: neither exponents nor suffixes nor signs.
func (g *GPU) UnmarshalText(text []byte) error {
	if !decimal.Match(text) {
		return errGPU
	}
	quantity, err := ParseQuantity(string(text))
	if err != nil {
		return errGPU
	}
	*g, err = GPUOf(quantity)
	return err
}

// Devices is a number of GPUs that share something equally. A number that was read from text is above 0.
type Devices int64

var wholeNumber = regexp.MustCompile(`^[1-9][0-9]{0,5}$`)

// String writes the number, or "" for 0.
func (d Devices) String() string {
	if d == 0 {
		return ""
	}
	return strconv.FormatInt(int64(d), 10)
}

// UnmarshalText reads a whole number from 1 to 999999.
func (d *Devices) UnmarshalText(text []byte) error {
	if !wholeNumber.Match(text) {
		return errors.New("must be a whole number above 0, for example 2")
	}
	number, err := strconv.ParseInt(string(text), 10, 64)
	*d = Devices(number)
	return err
}
