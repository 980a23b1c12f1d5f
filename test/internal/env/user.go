package env

import (
	"fmt"
	"os"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// A User can authenticate to the API server.
type User struct {
	// Config is for clients in this program.
	Config *rest.Config

	kubeconfig string
	home       string
}

// Kubeconfig returns the path of a kubeconfig for other programs. It is removed with the environment.
func (u *User) Kubeconfig() string { return u.kubeconfig }

// AddUser adds an ordinary user, who authenticates with a certificate and has no permissions yet.
func (e *Env) AddUser(name string, groups ...string) (*User, error) {
	added, err := e.controlPlane.AddUser(envtest.User{Name: name, Groups: groups}, &rest.Config{QPS: e.Config.QPS, Burst: e.Config.Burst})
	if err != nil {
		return nil, fmt.Errorf("cannot add user %s: %w", name, err)
	}
	kubeconfig, err := added.KubeConfig()
	if err != nil {
		return nil, fmt.Errorf("cannot add user %s: %w", name, err)
	}
	return e.newUser(added.Config(), kubeconfig)
}

// Impersonate returns the administrator impersonating another user, who can have extra attributes or
// be a service account.
func (e *Env) Impersonate(who rest.ImpersonationConfig) (*User, error) {
	config := rest.CopyConfig(e.Config)
	config.Impersonate = who
	kubeconfig, err := changed(e.controlPlane.KubeConfig, func(auth *api.AuthInfo) { impersonateWith(auth, who) })
	if err != nil {
		return nil, fmt.Errorf("cannot impersonate %s: %w", who.UserName, err)
	}
	return e.newUser(config, kubeconfig)
}

// WithToken returns the user that a bearer token authenticates.
func (e *Env) WithToken(token string) (*User, error) {
	config := rest.AnonymousClientConfig(e.Config)
	config.BearerToken = token
	kubeconfig, err := changed(e.controlPlane.KubeConfig, func(auth *api.AuthInfo) { *auth = api.AuthInfo{Token: token} })
	if err != nil {
		return nil, fmt.Errorf("cannot use the token: %w", err)
	}
	return e.newUser(config, kubeconfig)
}

// ServiceAccount returns the administrator impersonating a service account, with only its permissions.
func (e *Env) ServiceAccount(namespace, name string) (*User, error) {
	return e.Impersonate(rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + namespace + ":" + name,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
	})
}

func changed(kubeconfig []byte, change func(*api.AuthInfo)) ([]byte, error) {
	config, err := clientcmd.Load(kubeconfig)
	if err != nil {
		return nil, err
	}
	for _, auth := range config.AuthInfos {
		change(auth)
	}
	return clientcmd.Write(*config)
}

func impersonateWith(auth *api.AuthInfo, who rest.ImpersonationConfig) {
	auth.Impersonate = who.UserName
	auth.ImpersonateUID = who.UID
	auth.ImpersonateGroups = who.Groups
	auth.ImpersonateUserExtra = who.Extra
}

func (e *Env) newUser(config *rest.Config, kubeconfig []byte) (*User, error) {
	file, err := os.CreateTemp(e.Dir, "user-*.kubeconfig") // 0600
	if err != nil {
		return nil, fmt.Errorf("cannot write the kubeconfig: %w", err)
	}
	defer file.Close()
	if _, err := file.Write(kubeconfig); err != nil {
		return nil, fmt.Errorf("cannot write the kubeconfig: %w", err)
	}
	return &User{Config: config, kubeconfig: file.Name(), home: e.Dir}, nil
}
