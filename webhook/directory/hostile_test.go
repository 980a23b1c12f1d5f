package directory

import (
	"strings"
	"testing"

	"github.com/runai-mpi/runai-mpi/config"
)

// Values that no administrator wrote make no account, and no complaint that fills a log.
func TestHostileValues(t *testing.T) {
	sync := &config.DirectorySync{MinUID: 1000, MaxUID: 60000, MinGID: 1000}
	sync.Accounts.Subject, sync.Accounts.UID, sync.Accounts.GID = "{{.uid}}", "uidNumber", "gidNumber"
	sync.Accounts.UserName, sync.Accounts.Home = "uid", "homeDirectory"
	long := strings.Repeat("9", 100_000)
	for _, test := range []struct{ attribute, value string }{
		{"uidnumber", " 1001"}, {"uidnumber", "1001 "}, {"uidnumber", "01001"}, {"uidnumber", "+1001"}, {"uidnumber", "1001\n"},
		{"uidnumber", "1001\x00"}, {"uidnumber", "4294968297"}, {"uidnumber", "2147483648"}, {"uidnumber", "0x3e9"}, {"uidnumber", "1e3"},
		{"uidnumber", "-1"}, {"uidnumber", "١٠٠١"}, {"uidnumber", ""}, {"uidnumber", long}, {"gidnumber", "2001\n"}, {"gidnumber", long},
		{"uid", ""}, {"uid", "bob\nroot:x:0:0"}, {"uid", "bob\x00"}, {"uid", "\xff"}, {"uid", "system:masters"}, {"uid", long},
		{"homedirectory", "/home/bob:x"}, {"homedirectory", "/home/bob\n"}, {"homedirectory", "/home/../etc"}, {"homedirectory", "/" + long},
	} {
		attributes := map[string][]string{"uid": {"bob"}, "uidnumber": {"1001"}, "gidnumber": {"2001"}, "homedirectory": {"/home/bob"}}
		attributes[test.attribute] = []string{test.value}
		accounts, err := Read(Source{Accounts: []Entry{{DN: "uid=bob", Key: "uid=bob", Attributes: attributes}}}, sync)
		if err != nil {
			t.Fatal(err)
		}
		if len(accounts.Usable) > 0 || len(accounts.Complaints) != 1 {
			t.Errorf("%s %.40q: %v, complaints %.100v", test.attribute, test.value, accounts.Usable, accounts.Complaints)
		}
		for _, complaint := range accounts.Complaints {
			if len(complaint.String()) > 1000 {
				t.Errorf("%s %.40q: a complaint of %d bytes", test.attribute, test.value, len(complaint.String()))
			}
		}
	}
}
