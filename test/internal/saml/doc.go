// Package saml is a fixture for tests: an identity provider that signs SAML assertions, and a bridge that makes ID
// tokens of them, as Keycloak and other brokers do. Nobody's login depends on it: no binary links it, the provider asks
// for no password, and all keys are new at each start.
package saml
