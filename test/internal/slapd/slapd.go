package slapd

import (
	"context"
	_ "embed"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/runai-mpi/runai-mpi/test/internal/packages"
	"github.com/runai-mpi/runai-mpi/test/internal/process"
)

const (
	// Suffix is the DN above all entries.
	Suffix = "dc=example,dc=com"
	// BindDN is the DN of an account that may read everything.
	BindDN = "cn=reader," + Suffix
	// Password is its password, and that of the administrator.
	Password = "reader's password"

	administrator = "cn=admin," + Suffix
	program       = "/usr/sbin/slapd" // of the package slapd
)

//go:embed activedirectory.schema
var activeDirectory string

const configuration = `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
include %[1]s/activedirectory.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile %[1]s/slapd.pid
TLSCACertificateFile %[1]s/ca.crt
TLSCertificateFile %[1]s/tls.crt
TLSCertificateKeyFile %[1]s/tls.key
%[2]s
database mdb
suffix "dc=example,dc=com"
rootdn "cn=admin,dc=example,dc=com"
rootpw "%[3]s"
directory %[1]s/data
maxsize 1073741824
dbnosync
index objectClass,uidNumber eq
access to attrs=userPassword by anonymous auth
access to * by dn.exact="cn=reader,dc=example,dc=com" read by * none
`

// Options say how a server differs from the usual.
type Options struct {
	// Certificate is what it serves with. Default: one for 127.0.0.1.
	Certificate Certificate
	// Limits are lines of its configuration. Default: no limits.
	Limits string
}

// A Server is a running slapd.
type Server struct {
	// Plain and Secure are its URLs.
	Plain, Secure string
	// CAFile has the certificate of the CA of its certificate.
	CAFile string

	dir     string
	options Options
	process *process.Process
}

// Start starts a server with entries, written as LDIF, below Suffix. It ends with the test.
func Start(t testing.TB, entries string, options Options) *Server {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("slapd comes from a Debian package")
	}
	if missing := packages.MissingForDirectory(); len(missing) > 0 {
		t.Fatal("slapd is missing: run make packages")
	}
	s := &Server{dir: t.TempDir(), options: options}
	s.CAFile = filepath.Join(s.dir, "ca.crt")
	if err := s.prepare(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	if err := s.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.process.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// prepare writes the configuration and the database.
func (s *Server) prepare(ctx context.Context, entries string) error {
	files, err := s.options.Certificate.files()
	if err != nil {
		return err
	}
	limits := s.options.Limits
	if limits == "" {
		limits = "sizelimit unlimited"
	}
	files["activedirectory.schema"] = []byte(activeDirectory)
	files["slapd.conf"] = fmt.Appendf(nil, configuration, s.dir, limits, Password)
	files["entries.ldif"] = []byte(root + entries)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(s.dir, name), text, 0o600); err != nil {
			return err
		}
	}
	if err := os.Mkdir(filepath.Join(s.dir, "data"), 0o700); err != nil {
		return err
	}
	add := exec.CommandContext(ctx, program, "-T", "add", "-q", "-f", filepath.Join(s.dir, "slapd.conf"),
		"-l", filepath.Join(s.dir, "entries.ldif"))
	if output, err := add.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot fill the directory: %w\n%s", err, output)
	}
	return nil
}

const root = `dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: cn=reader,dc=example,dc=com
objectClass: person
cn: reader
sn: reader
userPassword: ` + Password + "\n\n"

func (s *Server) start(ctx context.Context) (err error) {
	var addresses [2]string
	for i := range addresses {
		if addresses[i], err = process.FreeAddress(); err != nil {
			return err
		}
	}
	s.Plain, s.Secure = "ldap://"+addresses[0], "ldaps://"+addresses[1]
	s.process, err = process.Start(ctx, process.Command{
		Name: "slapd", Path: program, LogFile: filepath.Join(s.dir, "slapd.log"),
		Args: []string{"-d", "none", "-f", filepath.Join(s.dir, "slapd.conf"), "-h", s.Plain + " " + s.Secure},
		Ready: func(context.Context) error {
			conn, err := net.DialTimeout("tcp", addresses[1], time.Second)
			if err != nil {
				return err
			}
			return conn.Close()
		},
	})
	return err
}

// Change changes the server's entries as its administrator.
func (s *Server) Change(t testing.TB, change func(*ldap.Conn) error) {
	t.Helper()
	conn, err := ldap.DialURL(s.Plain)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Bind(administrator, Password); err != nil {
		t.Fatal(err)
	}
	if err := change(conn); err != nil {
		t.Fatal(err)
	}
}

// Set replaces the values of an attribute of an entry. Without values, it is removed.
func (s *Server) Set(t testing.TB, dn, attribute string, values ...string) {
	t.Helper()
	s.Change(t, func(conn *ldap.Conn) error {
		request := ldap.NewModifyRequest(dn, nil)
		request.Replace(attribute, values)
		return conn.Modify(request)
	})
}

// Remove removes an entry.
func (s *Server) Remove(t testing.TB, dn string) {
	t.Helper()
	s.Change(t, func(conn *ldap.Conn) error { return conn.Del(ldap.NewDelRequest(dn, nil)) })
}

// Add adds an entry, written as LDIF.
func (s *Server) Add(t testing.TB, entry string) {
	t.Helper()
	dn, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(entry), "dn: "), "\n")
	attributes := map[string][]string{}
	for line := range strings.Lines(rest) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		attributes[name] = append(attributes[name], value)
	}
	s.Change(t, func(conn *ldap.Conn) error {
		request := ldap.NewAddRequest(dn, nil)
		for name, values := range attributes {
			request.Attribute(name, values)
		}
		return conn.Add(request)
	})
}
