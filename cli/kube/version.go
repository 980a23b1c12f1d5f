package kube

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/version"
)

// ServerVersion returns the version of the API server.
func (c *Client) ServerVersion(ctx context.Context) (string, error) {
	text, err := c.core.Get().AbsPath("/version").Do(ctx).Raw()
	if err != nil {
		return "", err
	}
	var info version.Info
	if err := json.Unmarshal(text, &info); err != nil || info.GitVersion == "" {
		return "", fmt.Errorf("cannot read the version of the API server %s", c.server)
	}
	return info.GitVersion, nil
}
