package process

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// Answers returns nil if a GET of url returns 200 OK.
func Answers(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(response.Body) // its text only explains
		return fmt.Errorf("%s: %s", response.Status, body)
	}
	return nil
}
