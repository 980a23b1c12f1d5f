// Package slapd runs Debian's OpenLDAP server on loopback, with accounts as in RFC 2307 and as in Active Directory.
package slapd
