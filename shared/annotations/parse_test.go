package annotations

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRoundTrip holds the two directions of the contract together over random intents.
func TestRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		want := randomIntent(random)
		got, errs := Parse(want.Annotations())
		if len(errs) > 0 {
			t.Fatalf("Parse(%v): %v", want.Annotations(), errs)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%v (-want +got):\n%s", want.Annotations(), diff)
		}
	}
}

func TestEveryFieldIsInTheContract(t *testing.T) {
	if fields := reflect.TypeFor[Intent]().NumField(); fields != len(contract) {
		t.Errorf("Intent has %d fields, the contract %d entries", fields, len(contract))
	}
	if len(Docs()) != len(contract) {
		t.Errorf("Docs() has %d entries, the contract %d", len(Docs()), len(contract))
	}
}

func randomIntent(random *rand.Rand) Intent {
	pick := func(values ...string) string { return values[random.IntN(len(values))] }
	maybe := func() bool { return random.IntN(2) == 0 }
	boolean := func() *bool {
		if maybe() {
			return nil
		}
		value := maybe()
		return &value
	}
	intent := Intent{
		Project:       pick("", "team-a", "A_b.c"),
		Interactive:   boolean(),
		NodeType:      pick("", "dgx", "t4"),
		RunAsUser:     boolean(),
		CreateHomeDir: boolean(),
	}
	if maybe() {
		gpu := GPU(random.Int64N(int64(OneGPU) + 1))
		if maybe() {
			gpu = GPUs(random.Int64N(1000))
		}
		intent.GPU = &gpu
	} else if maybe() {
		intent.GPUMemory = Bytes(1 + random.Int64N(1<<random.IntN(60)))
	}
	if maybe() {
		intent.LargeShm = &LargeShm{}
		if maybe() {
			intent.LargeShm.Size = DefaultShm + Bytes(random.Int64N(1<<40))
		}
	}
	if maybe() {
		intent.ClientIdentity = &ClientIdentity{UID: 1 + random.Int64N(1<<31-1), GID: 1 + random.Int64N(1<<31-1)}
		for range random.IntN(3) {
			intent.ClientIdentity.Groups = append(intent.ClientIdentity.Groups, 1+random.Int64N(1000))
		}
	}
	if maybe() {
		intent.GitSync = &GitSync{
			Source: pick("https://git.example/a.git?x=1,2", "git@git.example:a/b", "ssh://git@git.example:2222/a", `http://git.example/a"b'c`),
			Branch: pick("", "main", "feature/a=b,c", `it's"quoted"`),
			Rev:    pick("", "v1.0", "20240101", "0123456789abcdef0123456789abcdef01234567"),
			Target: pick("", "/code", "/a b, c"),
		}
		intent.GitSyncSecret = pick("", "creds")
	}
	return intent
}

func TestBadValues(t *testing.T) {
	cases := map[string]struct {
		annotations map[string]string
		want        []string
	}{
		"a fraction above one":          {map[string]string{GPUKey: "1.5"}, []string{"run.ai/gpu", "between 0 and 1"}},
		"a negative number of GPUs":     {map[string]string{GPUKey: "-1"}, []string{"run.ai/gpu", "whole number"}},
		"NaN":                           {map[string]string{GPUKey: "NaN"}, []string{"run.ai/gpu", "whole number"}},
		"Inf":                           {map[string]string{GPUKey: "Inf"}, []string{"run.ai/gpu", "whole number"}},
		"an exponent":                   {map[string]string{GPUKey: "1e400"}, []string{"run.ai/gpu", "whole number"}},
		"an empty number":               {map[string]string{GPUKey: ""}, []string{"run.ai/gpu"}},
		"milli":                         {map[string]string{GPUKey: "500m"}, []string{"run.ai/gpu"}},
		"both kinds of GPU":             {map[string]string{GPUKey: "1", GPUMemoryKey: "1G"}, []string{"run.ai/gpu-memory", "one of the two"}},
		"no GPU memory":                 {map[string]string{GPUMemoryKey: "0"}, []string{"run.ai/gpu-memory", "20M"}},
		"a boolean of another kind":     {map[string]string{InteractiveKey: "True"}, []string{"run.ai/interactive", "true or false"}},
		"a small shm":                   {map[string]string{LargeShmKey: "1"}, []string{"run.ai/large-shm", "64Mi", "8Gi"}},
		"an shm of another kind":        {map[string]string{LargeShmKey: "yes"}, []string{"run.ai/large-shm", "write true"}},
		"a misspelt key":                {map[string]string{"run.ai/large_shm": "true"}, []string{"did you mean run.ai/large-shm?"}},
		"a strange key":                 {map[string]string{"run.ai/zzzzzzz": "true"}, []string{"it may be one of run.ai/project"}},
		"root":                          {map[string]string{ClientIdentityKey: "0:0"}, []string{"run.ai/client-identity", "from 1"}},
		"a large id":                    {map[string]string{ClientIdentityKey: "4294967295:1"}, []string{"2147483647"}},
		"a node type of two words":      {map[string]string{NodeTypeKey: "a b"}, []string{"run.ai/node-type", "label value"}},
		"a password":                    {map[string]string{GitSyncKey: "source=https://h/r,password=x"}, []string{"run.ai/git-sync", "git-sync-secret"}},
		"a password in the URL":         {map[string]string{GitSyncKey: "source=https://u:hunter2@h/r"}, []string{"credential in the source's URL"}},
		"a transport helper":            {map[string]string{GitSyncKey: "source=ext::sh -c x"}, []string{"source"}},
		"a file":                        {map[string]string{GitSyncKey: "source=file:///etc"}, []string{"source"}},
		"a URL that looks like a flag":  {map[string]string{GitSyncKey: "source=--upload-pack=x"}, []string{"source"}},
		"a host that looks like a flag": {map[string]string{GitSyncKey: "source=ssh://-oProxyCommand=x/r"}, []string{"source"}},
		"an abbreviated SHA":            {map[string]string{GitSyncKey: "source=https://h/r,rev=abc1234"}, []string{"all 40 digits"}},
		"a ref that looks like a flag":  {map[string]string{GitSyncKey: "source=https://h/r,branch=--x"}, []string{"branch=--x"}},
		"a relative target":             {map[string]string{GitSyncKey: "source=https://h/r,target=code"}, []string{"absolute"}},
		"a secret without repository":   {map[string]string{GitSyncSecretKey: "creds"}, []string{"without run.ai/git-sync"}},
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

func TestAcceptedValues(t *testing.T) {
	for _, annotations := range []map[string]string{
		{GPUKey: "0"}, {GPUKey: "0.5"}, {GPUKey: ".5"}, {GPUKey: "1.0"}, {GPUMemoryKey: "20M"},
		{SubmittedByKey: "anything"}, {AppliedPoliciesKey: "anything"}, {"example.com/gpu": "x"},
	} {
		if _, errs := Parse(annotations); len(errs) > 0 {
			t.Errorf("Parse(%v): %v", annotations, errs)
		}
	}
}

// FuzzParse holds that whatever is accepted is written back as something equal.
func FuzzParse(f *testing.F) {
	for i, entry := range contract {
		for _, value := range []string{"true", "0.5", "1G", "1000:1000:5", "source=https://h/r,branch=\"a,b\"", "x"} {
			f.Add(i, entry.key, value)
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
	for text, want := range map[string]string{"0.5": "0.5", ".25": "0.25", "2.0": "2", "0": "0", "0.000000001": "0.000000001", "0.123456789": "0.123456789", "999999": "999999"} {
		var gpu GPU
		if err := gpu.UnmarshalText([]byte(text)); err != nil || gpu.String() != want {
			t.Errorf("%s: got %s, %v, want %s", text, gpu, err, want)
		}
	}
}
