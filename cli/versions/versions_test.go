package versions

import (
	"strings"
	"testing"
)

func TestAdvice(t *testing.T) {
	const upgradeClient, upgradeChart, unsure = "upgrade runai", "upgrade the chart", "not a release"
	for _, test := range []struct{ client, webhook, want string }{
		{"v1.2.0", "v1.2.0", ""},
		{"v1.2.0", "", ""},
		{"v1.2.0", "v1.2.7", ""},
		{"1.2.0", "v1.2.7-rc.1", ""},
		{"v1.2.0-4-g0123456789ab-dirty", "v1.2.0", ""},
		{"v0.9.0", "v0.10.0", upgradeClient},
		{"v1.9.0", "2.0.0", upgradeClient},
		{"v0.10.0", "v0.9.3", upgradeChart},
		{"v2.0.0", "v1.9.0", upgradeChart},
		{"(devel)", "v1.2.0", unsure},
		{"v1.2.0", "0123456789ab", unsure},
		{"(devel)", "(devel)", ""},
	} {
		advice := answers{client: test.client, webhook: test.webhook}.advice()
		if (advice == "") != (test.want == "") || !strings.Contains(advice, test.want) {
			t.Errorf("client %s, webhook %s: %q, want %q", test.client, test.webhook, advice, test.want)
		}
	}
}
