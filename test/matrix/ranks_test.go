package matrix

import (
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
)

// tell prints a line about a rank. The job's environment is encoded, because it has spaces and several lines.
const tell = `b() { printf %s "$1" | base64 -w0; }
echo "rank=${OMPI_COMM_WORLD_RANK-$PMI_RANK} on=$(hostname) uid=$(id -u) port=${SSH_CONNECTION##* } files=$(ulimit -n)` +
	` licenses=$SITE_LICENSES extra=$EXTRA text=$(b "$TEXT") script=$(b "$SCRIPT") token=$(b "$TOKEN") setting=$(b "$SETTING")"` +
	images.Linger

// What -e sets, a Secret and a ConfigMap have.
const (
	text    = `two words, a "quote", it's $HOME and \n`
	script  = "set -e\necho 'first line'\n\n  echo second  "
	token   = "a secret =\nof two lines"
	setting = "from a ConfigMap"
)

var environment = map[string]string{"text": text, "script": script, "token": token, "setting": setting}

// ranksIn parses lines of key=value words, and ignores lines without a rank.
func ranksIn(t *testing.T, output string) []map[string]string {
	t.Helper()
	var ranks []map[string]string
	for line := range strings.Lines(output) {
		rank := map[string]string{}
		for _, word := range strings.Fields(line) {
			if key, value, ok := strings.Cut(word, "="); ok {
				rank[key] = value
			}
		}
		if rank["rank"] == "" {
			continue
		}
		for name := range environment {
			decoded, err := base64.StdEncoding.DecodeString(rank[name])
			if err != nil {
				t.Errorf("a rank prints %s=%s", name, rank[name])
			}
			rank[name] = string(decoded)
		}
		ranks = append(ranks, rank)
	}
	return ranks
}

var oneEach = map[string]int{"worker-0": 1, "worker-1": 1}

// judge asserts that the ranks are where they should be, and that each prints what it should.
func (c *cell) judge(t *testing.T, ranks []map[string]string) {
	t.Helper()
	on := c.on
	switch {
	case c.onNode:
		machine, err := os.Hostname()
		if err != nil {
			t.Fatal(err)
		}
		on = map[string]int{machine: 1}
	case on == nil:
		on = oneEach
	}
	compareRanks(t, c.name, ranks, on, c.expected)
}

// compareRanks asserts that each host of a job has the expected number of ranks, and that they print what is expected
// there.
func compareRanks(t *testing.T, job string, ranks []map[string]string, on map[string]int, expected func(host string) map[string]string) {
	t.Helper()
	seen := map[string]int{}
	for _, rank := range ranks {
		host := strings.TrimPrefix(rank["on"], job+"-")
		seen[host]++
		want, got := expected(host), map[string]string{}
		for key := range want {
			got[key] = rank[key]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rank %s on %s (-want +got):\n%s", rank["rank"], host, diff)
		}
	}
	if diff := cmp.Diff(on, seen); diff != "" {
		t.Errorf("ranks on hosts (-want +got):\n%s", diff)
	}
}

// expected returns what a rank on a host prints. Without an identity, the image's own sshd decides about its session.
func (c *cell) expected(host string) map[string]string {
	want := maps.Clone(environment)
	switch c.as {
	case anyUID, restricted:
		want["uid"] = "1234567"
	case root:
		want["uid"] = "0"
		if host != "launcher" { // which is not reached by ssh
			want["port"] = portOf[c.image]
			if c.image == site {
				want["files"], want["licenses"] = images.SiteOpenFiles, images.SiteValue
			}
		}
	}
	maps.Copy(want, c.want)
	return want
}

// summary says for the page what the ranks printed.
func (c *cell) summary(ranks []map[string]string) string {
	var on, uids []string
	for _, rank := range ranks {
		if c.onNode {
			on = append(on, "the node")
		} else {
			on = append(on, strings.TrimPrefix(rank["on"], c.name+"-"))
		}
		uids = append(uids, rank["uid"])
	}
	slices.Sort(on)
	slices.Sort(uids)
	return fmt.Sprintf("runs: ranks on %s, UID %s", strings.Join(on, ", "), strings.Join(slices.Compact(uids), ", "))
}
