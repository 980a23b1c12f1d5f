package ldap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// remedies say what to do about a result that a server returned.
var remedies = map[uint16]string{
	ldap.LDAPResultInvalidCredentials:          "it does not accept bindDN with this password: check bindDN and passwordFile",
	ldap.LDAPResultInappropriateAuthentication: "it does not accept bindDN with this password: check bindDN and passwordFile",
	ldap.LDAPResultInvalidDNSyntax:             "it does not accept a DN: check bindDN and baseDNs",
	ldap.LDAPResultNoSuchObject:                "it does not exist, or bindDN may not read it: check baseDNs",
	ldap.LDAPResultInsufficientAccessRights:    "bindDN may not read it: give it read access",
	ldap.LDAPResultSizeLimitExceeded:           "the server returns only a part of it (size limit): raise the server's limit for bindDN, or lower pageSize",
	ldap.LDAPResultAdminLimitExceeded:          "the server returns only a part of it (administrative limit): raise the server's limit for bindDN, or lower pageSize",
	ldap.LDAPResultTimeLimitExceeded:           "the server returns only a part of it (time limit): raise the server's limit for bindDN, or use a filter",
	ldap.LDAPResultReferral:                    "it is on another server: use a DN that this server has",
	ldap.LDAPResultConfidentialityRequired:     "it requires encryption: use ldaps:// or startTLS",
	ldap.LDAPResultStrongAuthRequired:          "it requires encryption: use ldaps:// or startTLS",
	ldap.LDAPResultBusy:                        "it is busy: try again",
	ldap.LDAPResultUnavailable:                 "it is shutting down: try again",
}

// certificates say what to do about a certificate, by a part of the error, which StartTLS does not wrap.
var certificates = []struct{ part, remedy string }{
	{"certificate has expired or is not yet valid", "its certificate has expired, or is not valid yet: renew the certificate, or set the clock"},
	{"certificate signed by unknown authority", "its certificate is from an unknown CA: set caFile to the certificate of this CA"},
	{"x509: certificate is valid for", "its certificate is for another host name: use a name that the certificate has in servers"},
	{"x509: certificate is not valid for any names", "its certificate has no host name: renew it with the name in servers"},
	{"because it doesn't contain any IP SANs", "its certificate has no IP address: use a name that the certificate has in servers"},
	{"x509:", "its certificate is not valid for a server: renew the certificate"},
	{"first record does not look like a TLS handshake", "it does not speak TLS at this port: use ldap:// with startTLS, or the port for ldaps"},
}

// explain returns an error that says what is wrong with a server's answer, and what to do.
func explain(ctx context.Context, server string, err error) error {
	return fmt.Errorf("directory %s: %s", server, problem(ctx, err, incomplete))
}

// explainConnection returns an error that says why there is no connection to a server, and what to do.
func explainConnection(ctx context.Context, server string, err error) error {
	return fmt.Errorf("directory %s: %s", server, problem(ctx, err, unanswered))
}

// problem explains an error, or has it explained by another function if it is neither about a certificate nor a result.
func problem(ctx context.Context, err error, otherwise func(error) string) string {
	for _, known := range certificates {
		if strings.Contains(err.Error(), known.part) {
			return known.remedy
		}
	}
	var result *ldap.Error
	var network net.Error
	switch {
	case ctx.Err() != nil || errors.As(err, &network) && network.Timeout():
		return "it did not answer in time: check servers, or raise timeout"
	case !errors.As(err, &result):
		return otherwise(err)
	case remedies[result.ResultCode] != "":
		return remedies[result.ResultCode]
	case result.ResultCode == ldap.ErrorNetwork:
		return incomplete(err)
	}
	return fmt.Sprintf("it answered with the LDAP result %d (%s)", result.ResultCode, ldap.LDAPResultCodeMap[result.ResultCode])
}

// part is an answer that is not complete for a reason of its own.
type part string

func (p part) Error() string { return string(p) }

func incomplete(err error) string {
	var reason part
	if errors.As(err, &reason) {
		return reason.Error()
	}
	return "the connection ended before the answer was complete: try again"
}

// unanswered says why no connection was made.
func unanswered(err error) string {
	var name *net.DNSError
	var operation *net.OpError
	switch {
	case errors.As(err, &name):
		return "its host name cannot be resolved: check servers"
	case errors.Is(err, io.EOF):
		return "it ended the connection: use ldap:// with startTLS for a port without TLS, and ldaps:// for one with TLS"
	case errors.As(err, &operation):
		return fmt.Sprintf("cannot connect to it (%s): check servers, and network policies", operation.Err)
	}
	return err.Error()
}
