package logins

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/test/docgen"
	"github.com/runai-mpi/runai-mpi/test/golden"
)

var numbered = map[string]login{"numbers": keycloaks("saml:")["numbers"]}

// naive are the configurations with an expression that looks right.
var naive = []*vendor{
	{sample: "authentication-configuration.yaml", translate: withUID("string(claims.posix_uid)"), logins: numbered},
	{sample: "authentication-configuration.yaml", translate: withUID("string(int(claims.posix_uid))"), logins: numbered},
}

func withUID(expression string) func(sample string) (string, error) {
	return func(sample string) (string, error) {
		documented := regexp.MustCompile(`(?m)(- key: run.ai/uid\n(?:      #.*\n)*      valueExpression: ).*$`)
		if !documented.MatchString(sample) {
			return "", fmt.Errorf("the sample has no uid")
		}
		return documented.ReplaceAllString(sample, `$1"`+expression+`"`), nil
	}
}

var numbers = regexp.MustCompile(`(?s)(<!-- numbers -->\n).*?(<!-- /numbers -->)`)

// The page shows what the API server makes of a UID by each expression. Update it by go test ./test/logins -update.
func TestNumbers(t *testing.T) {
	var rows [][]string
	for _, uid := range []struct {
		json  string
		value any
	}{
		{"1001", 1001}, {"999999", 999999}, {"1000000", 1000000}, {"1000001", 1000001}, {"1234567", 1234567}, {"-1", -1},
		{"1001.5", 1001.5}, {`"1000001"`, "1000001"}, {`"01001"`, "01001"}, {`"1e3"`, "1e3"}, {`"0x3e9"`, "0x3e9"},
	} {
		row := []string{docgen.Code(`"posix_uid": ` + uid.json)}
		for _, vendor := range append(naive, vendors[0]) {
			row = append(row, outcome(t, vendor, uid.value))
		}
		rows = append(rows, row)
	}
	table := docgen.Table([]string{"in the token", "`string(…)`", "`string(int(…))`", "as documented"}, rows)
	path := root + "docs/identity/chain.md"
	page := readFile(t, path)
	if !numbers.MatchString(page) {
		t.Fatalf("%s has no place for the numbers", path)
	}
	golden.Compare(t, path, numbers.ReplaceAllString(page, "${1}\n"+strings.ReplaceAll(table, "$", "$$")+"\n${2}"))
}

func outcome(t *testing.T, vendor *vendor, uid any) string {
	t.Helper()
	info := authenticated(t, vendor, map[string]any{"aud": "k8s-hpc", "sub": "f6b1", "preferred_username": "alice", "posix_uid": uid})
	if info.Username == "" {
		return "nobody can log in"
	}
	return docgen.Code(strings.Join(info.Extra["run.ai/uid"], ","))
}
