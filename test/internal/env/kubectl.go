package env

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/runai-mpi/runai-mpi/test/internal/binaries"
)

// Kubectl runs the real kubectl as this user. The error includes what kubectl printed.
func (u *User) Kubectl(ctx context.Context, stdin io.Reader, args ...string) (stdout, stderr string, err error) {
	set, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		return "", "", err
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, set[binaries.Kubectl], append([]string{"--kubeconfig", u.kubeconfig}, args...)...)
	cmd.Env = cleanEnv("HOME=" + u.home)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &errs
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		err = fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
		return out.String(), errs.String(), err
	}
	return out.String(), errs.String(), nil
}
