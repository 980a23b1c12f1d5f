package annotations

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A refusal says what is wrong and what to use instead; TestCounterexamples has more values that are refused.
func TestBadValues(t *testing.T) {
	cases := map[string]struct {
		annotations map[string]string
		want        []string
	}{
		"a fraction above one":         {map[string]string{GPUKey: "1.5"}, []string{"run.ai/gpu", "between 0 and 1"}},
		"both kinds of GPU":            {map[string]string{GPUKey: "1", GPUMemoryKey: "1G"}, []string{"run.ai/gpu-memory", "cannot be used with run.ai/gpu"}},
		"no GPU memory":                {map[string]string{GPUMemoryKey: "0"}, []string{"run.ai/gpu-memory", "20M"}},
		"a boolean of another kind":    {map[string]string{InteractiveKey: "True"}, []string{"run.ai/interactive", "true or false"}},
		"a small shm":                  {map[string]string{LargeShmKey: "1"}, []string{"run.ai/large-shm", "64Mi", "8Gi"}},
		"an shm of another kind":       {map[string]string{LargeShmKey: "yes"}, []string{"run.ai/large-shm", "true, false"}},
		"a misspelt key":               {map[string]string{"run.ai/large_shm": "true"}, []string{"did you mean run.ai/large-shm?"}},
		"a strange key":                {map[string]string{"run.ai/zzzzzzz": "true"}, []string{"must be one of run.ai/project"}},
		"root":                         {map[string]string{ClientIdentityKey: "0:0"}, []string{"run.ai/client-identity", "from 1"}},
		"a large id":                   {map[string]string{ClientIdentityKey: "4294967295:1"}, []string{"2147483647"}},
		"a node type of two words":     {map[string]string{NodeTypeKey: "a b"}, []string{"run.ai/node-type", "at most 63 letters"}},
		"a password":                   {map[string]string{GitSyncKey: "source=https://h/r,password=x"}, []string{"run.ai/git-sync", "git-sync-secret"}},
		"a password in the URL":        {map[string]string{GitSyncKey: "source=https://u:hunter2@h/r"}, []string{"credential in the source's URL"}},
		"an abbreviated SHA":           {map[string]string{GitSyncKey: "source=https://h/r,rev=abc1234"}, []string{"all 40 digits"}},
		"a ref that looks like a flag": {map[string]string{GitSyncKey: "source=https://h/r,branch=--x"}, []string{"branch=--x"}},
		"a relative target":            {map[string]string{GitSyncKey: "source=https://h/r,target=code"}, []string{"absolute"}},
		"devices without a fraction":   {map[string]string{GPUDevicesKey: "2"}, []string{"run.ai/gpu-devices", "needs run.ai/gpu-memory, or a fraction in run.ai/gpu"}},
		"devices of whole GPUs":        {map[string]string{GPUKey: "2", GPUDevicesKey: "2"}, []string{"run.ai/gpu-devices", "use only run.ai/gpu for whole GPUs"}},
		"a secret without repository":  {map[string]string{GitSyncSecretKey: "creds"}, []string{"needs run.ai/git-sync"}},
		"all at once": {
			map[string]string{GPUKey: "1.5", LargeShmKey: "yes", "run.ai/x": "", NodeTypeKey: ""},
			[]string{"run.ai/gpu", "run.ai/large-shm", "run.ai/x", "run.ai/node-type"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			_, errs := Parse(test.annotations)
			if len(errs) == 0 {
				t.Fatal("no error")
			}
			message := errs.ToAggregate().Error()
			for _, want := range test.want {
				if !strings.Contains(message, want) {
					t.Errorf("%q does not say %q", message, want)
				}
			}
			for _, secret := range []string{"hunter2", "password=x"} {
				if strings.Contains(message, secret) {
					t.Errorf("%q shows a credential", message)
				}
			}
		})
	}
}

func TestAnnotationsOfOthersArePassedOver(t *testing.T) {
	for _, key := range []string{SubmittedByKey, AppliedPoliciesKey, "example.com/gpu"} {
		if intent, errs := Parse(map[string]string{key: "anything"}); len(errs) > 0 || intent.Annotations() != nil {
			t.Errorf("%s: got %v, %v", key, intent, errs)
		}
	}
}

// FuzzParse holds that whatever is accepted is written back as something equal.
func FuzzParse(f *testing.F) {
	for i, row := range contract {
		for _, value := range slices.Concat(row.examples, row.nothing, row.counterexamples) {
			f.Add(i, row.key, value)
		}
	}
	f.Fuzz(func(t *testing.T, index int, key, value string) {
		annotations := map[string]string{key: value}
		if index >= 0 {
			annotations[contract[index%len(contract)].key] = value
		}
		intent, errs := Parse(maps.Clone(annotations))
		if len(errs) > 0 {
			return
		}
		again, errs := Parse(intent.Annotations())
		if len(errs) > 0 {
			t.Fatalf("%v was accepted, %v is not: %v", annotations, intent.Annotations(), errs)
		}
		if diff := cmp.Diff(intent, again); diff != "" {
			t.Fatalf("%v (-first +second):\n%s", annotations, diff)
		}
	})
}

func TestGPUText(t *testing.T) {
	for text, want := range map[string]string{
		"0.5": "0.5", ".25": "0.25", "2.0": "2", "0": "0", "0.000000001": "0.000000001", "0.123456789": "0.123456789", "999999": "999999",
	} {
		var gpu GPU
		if err := gpu.UnmarshalText([]byte(text)); err != nil || gpu.String() != want {
			t.Errorf("%s: got %s, %v, want %s", text, gpu, err, want)
		}
	}
}
