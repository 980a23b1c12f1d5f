// Package kai has what the KAI scheduler reads on the pods of a job, and what it says about them.
package kai

import (
	"errors"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/runai-mpi/runai-mpi/shared/annotations"
)

// The annotations of a pod with which it requests a fraction of a GPU.
const (
	// Fraction is a decimal below 1.
	Fraction = "gpu-fraction"
	// Memory is a whole number of MiB.
	Memory = "gpu-memory"
	// Devices is the number of GPUs, each with the fraction or the memory. Default: 1.
	Devices = "gpu-fraction-num-devices"
	// ContainerName names the container that gets the fraction. Default: the first.
	ContainerName = "gpu-fraction-container-name"
	// MPS is "true" if the processes that share a GPU do so through NVIDIA's Multi-Process Service.
	MPS = "mps"
)

// SchedulerName is the name under which KAI is installed by default.
const SchedulerName = "kai-scheduler"

// WholeGPU is the resource that KAI takes for whole GPUs, whatever the cluster policy names.
const WholeGPU = "nvidia.com/gpu"

// ofContainers are the annotations that request memory of a GPU for one container, as patterns of [path.Match]. They
// are of releases after 0.17.
var ofContainers = []string{"nvidia.com/container.*.gpu-memory.*", "kai.scheduler/container.*.gpu-memory.*"}

// Annotations returns the annotations that decide which part of a GPU a pod gets, as patterns of [path.Match].
func Annotations() []string {
	return []string{Fraction, Fraction + "-*", Memory, Memory + "-*", MPS, "nvidia.com/container.*", "kai.scheduler/container.*"}
}

// IsRequest reports whether an annotation requests a part of a GPU.
func IsRequest(key, value string) bool {
	switch key {
	case Fraction, Memory, Devices:
		return true
	case MPS:
		return value == "true"
	}
	return strings.Contains(key, "/container.") && slices.ContainsFunc(ofContainers, func(pattern string) bool {
		matched, err := path.Match(pattern, key)
		return err == nil && matched
	})
}

var (
	errFraction = errors.New("must be a decimal between 0 and 1, for example 0.5")
	errMemory   = errors.New("must be a whole number of MiB above 0, for example 2048")
	errDevices  = errors.New("must be a whole number above 0, for example 2")
)

// ParseFraction reads the value of [Fraction] as KAI does: as a floating-point number and as a quantity.
func ParseFraction(text string) (annotations.GPU, error) {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || !(number > 0 && number < 1) { // NaN is neither
		return 0, errFraction
	}
	if _, err := annotations.ParseQuantity(text); err != nil { // 0x1p-1
		return 0, errFraction
	}
	gpu := annotations.GPU(math.Round(number * float64(annotations.OneGPU)))
	return min(max(gpu, 1), annotations.OneGPU-1), nil
}

// ParseMemory reads the value of [Memory], in MiB.
func ParseMemory(text string) (int64, error) { return parseWhole(text, errMemory) }

// ParseDevices reads the value of [Devices].
func ParseDevices(text string) (int64, error) { return parseWhole(text, errDevices) }

// parseWhole reads a number above 0 without a sign. KAI's admission reads 64 bits, its scheduler 63.
func parseWhole(text string, problem error) (int64, error) {
	number, err := strconv.ParseUint(text, 10, 63)
	if err != nil || number == 0 {
		return 0, problem
	}
	return int64(number), nil
}
