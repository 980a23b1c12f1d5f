package doctor

import (
	"fmt"
	"strconv"
	"strings"
)

func operatorChecks() []check {
	return []check{{
		name:  "operator-rate",
		about: "an MPI Operator whose limits of requests or events make large jobs start slowly",
		remedy: "set `--kube-api-qps`, `--kube-api-burst`, `--controller-queue-rate-limit` and `--controller-queue-burst` of the operator, " +
			"as the [install guide](../install.md) does",
		needs: []Source{Deployments}, find: slowOperators,
	}}
}

// operatorLimits are the flags of mpi-operator that bound how fast it works, with their defaults and the least that lets
// a job of thousands of pods start within minutes, and its end be noticed soon.
var operatorLimits = []struct {
	flag         string
	value, least int
	unit         string
}{
	{"kube-api-qps", 5, 50, "requests a second"},
	{"kube-api-burst", 10, 50, "requests at once"},
	{"controller-queue-rate-limit", 10, 50, "events a second"},
}

func slowOperators(s *Snapshot) []Finding {
	var findings []Finding
	for _, operator := range s.Operators {
		var slow []string
		for _, limit := range operatorLimits {
			if value := limitIn(operator.Arguments, limit.flag, limit.value); value < limit.least {
				slow = append(slow, fmt.Sprintf("--%s=%d: %d %s", limit.flag, value, value, limit.unit))
			}
		}
		if len(slow) > 0 {
			findings = append(findings, Finding{
				Subject: fmt.Sprintf("Deployment %s/%s", operator.Namespace, operator.Name),
				Means:   "it works with " + enumerate(slow) + ", so large jobs start slowly: 4,096 pods take 13 minutes at 5 a second",
				Fix: fmt.Sprintf("kubectl edit deployment -n %s %s # and set --kube-api-qps=100, --kube-api-burst=200, "+
					"--controller-queue-rate-limit=1000 and --controller-queue-burst=2000", operator.Namespace, operator.Name),
			})
		}
	}
	return findings
}

// limitIn returns the value of a flag as Go's flag package reads it, or the default. The last one counts.
func limitIn(arguments []string, name string, value int) int {
	for i, argument := range arguments {
		flag, text, has := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(argument, "-"), "-"), "=")
		if !strings.HasPrefix(argument, "-") || flag != name {
			continue
		}
		if !has && i+1 < len(arguments) {
			text = arguments[i+1]
		}
		if number, err := strconv.Atoi(text); err == nil {
			value = number
		}
	}
	return value
}
