// Package ldap reads the accounts and groups of an LDAP server or of Active Directory: all of them, or none.
package ldap

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/webhook/directory"
)

// Read returns the accounts and groups of the first server that answers. Anything less than the complete answer to
// every search is an error.
func Read(ctx context.Context, sync *config.DirectorySync) (directory.Source, error) {
	ctx, cancel := context.WithTimeout(ctx, sync.Timeout.Duration)
	defer cancel()
	var source directory.Source
	searches, err := searchesOf(sync)
	if err != nil {
		return source, err
	}
	password, err := readPassword(sync.PasswordFile)
	if err != nil {
		return source, err
	}
	conn, server, err := connect(ctx, sync)
	if err != nil {
		return source, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })() // ends a request that waits
	if err := bind(conn, sync.BindDN, password); err != nil {
		return source, explain(ctx, server, err)
	}
	for _, search := range searches {
		entries, err := search.all(conn)
		if err != nil {
			return directory.Source{}, fmt.Errorf("cannot read %s: %w", search.base, explain(ctx, server, err))
		}
		*search.into(&source) = append(*search.into(&source), entries...)
	}
	source.Accounts, source.Groups = once(source.Accounts), once(source.Groups)
	return source, nil
}

// once removes the entries that were read a second time, below another DN.
func once(entries []directory.Entry) []directory.Entry {
	seen := map[string]bool{}
	return slices.DeleteFunc(entries, func(entry directory.Entry) bool {
		again := seen[entry.Key]
		seen[entry.Key] = true
		return again
	})
}

func readPassword(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("cannot read passwordFile: %w", err)
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" { // a bind without a password succeeds, anonymously
		return "", fmt.Errorf("passwordFile %s is empty: it must have the password of bindDN", file)
	}
	return password, nil
}

func bind(conn *ldap.Conn, dn, password string) error {
	if dn == "" {
		return conn.UnauthenticatedBind("")
	}
	return conn.Bind(dn, password)
}

// requestTimeout is how long one answer may take.
const requestTimeout = 30 * time.Second
