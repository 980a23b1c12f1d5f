package policy

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// A command line is read as sshd reads it. What sshd accepts is never refused.
func TestReadSSHD(t *testing.T) {
	text, err := os.ReadFile("testdata/sshd-command-lines.txt")
	if err != nil {
		t.Fatal(err)
	}
	caught, ends := 0, 0
	for line := range strings.Lines(string(text)) {
		words, want, found := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !found {
			continue
		}
		command := []string{"/usr/sbin/sshd"}
		if words != "" {
			command = append(command, strings.Split(words, "|")...)
		}
		own, known := readSSHD(&corev1.Container{Command: command})
		if want == "ends" {
			ends++
			if known && own.rejected() != "" {
				caught++
			}
			continue
		}
		if !known || own.rejected() != "" {
			t.Errorf("%q: known %t, refused %q", words, known, own.rejected())
			continue
		}
		var configured []int32
		if own.file() == "/tmp/p1111" {
			configured = []int32{1111}
		} else if len(own.portOptions()) == 0 {
			configured = []int32{22} // sshd's default
		}
		ports := own.ports(configured)
		slices.Sort(ports)
		if got := strings.Trim(fmt.Sprint(slices.Compact(ports)), "[]"); got != want {
			t.Errorf("%q: got %s, want %s", words, got, want)
		}
	}
	if caught < ends/2 {
		t.Errorf("only %d of %d command lines that sshd does not accept are refused", caught, ends)
	}
	t.Logf("%d of %d command lines that sshd does not accept are refused", caught, ends)
}

// References to variables are expanded as by the kubelet. What only a run shows is left alone.
func TestReadSSHDOfContainer(t *testing.T) {
	secret := &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{Key: "port"}}
	env := []corev1.EnvVar{{Name: "PORT", Value: "1"}, {Name: "PORT", Value: "2022"}, {Name: "SECRET", ValueFrom: secret}, {Name: "OTHER", Value: "$(SECRET)"}}
	for _, test := range []struct {
		container corev1.Container
		known     bool
		ports     []int32
	}{
		{container: corev1.Container{Command: []string{"/usr/sbin/sshd", "-De"}, Args: []string{"-p", "$(PORT)"}, Env: env}, known: true, ports: []int32{2022}},
		{container: corev1.Container{Args: []string{"/usr/sbin/sshd", "-Dp$(PORT)"}, Env: env}, known: true, ports: []int32{2022}},
		{container: corev1.Container{Command: []string{"/usr/sbin/sshd", "-Dp", "$(SECRET)"}, Env: env}},
		{container: corev1.Container{Command: []string{"/usr/sbin/sshd", "-Dp", "$(OTHER)"}, Env: env}},
		{container: corev1.Container{Command: []string{"/usr/sbin/sshd", "-Dp", "$(FROM)"}, EnvFrom: []corev1.EnvFromSource{{}}}},
		{container: corev1.Container{Command: []string{"/opt/ssh/sbin/sshd", "-oPort", "2022"}}, known: true},
		{container: corev1.Container{Command: []string{"tini", "--", "/usr/sbin/sshd", "-D"}}},
		{container: corev1.Container{Command: []string{"sh", "-c", "/usr/sbin/sshd -D -p 2022"}}},
		{container: corev1.Container{Args: []string{"-D", "-p", "2022"}}},
		{},
	} {
		own, known := readSSHD(&test.container)
		if ports := own.ports(nil); known != test.known || known && !slices.Equal(ports, test.ports) {
			t.Errorf("%q %q: known %t, ports %v", test.container.Command, test.container.Args, known, ports)
		}
	}
}

// What a script says about the port is used, unless only a run shows it.
func TestPortInScript(t *testing.T) {
	for _, test := range []struct {
		words []string
		want  int32
	}{
		{[]string{"sh", "-c", "mkdir -p /run/sshd && exec /usr/sbin/sshd -De -p 2022"}, 2022},
		{[]string{"bash", "-lc", "/usr/sbin/sshd -t; /usr/sbin/sshd -De -o 'Port 2022' 2>&1"}, 2022},
		{[]string{"sh", "-c", "/usr/sbin/sshd -oPort=2022\nsleep infinity"}, 2022},
		{[]string{"sh", "-c", "(/usr/sbin/sshd -p2022)"}, 2022},
		{[]string{"tini", "--", "/usr/sbin/sshd", "-De", "-p", "2022"}, 2022},
		{[]string{"/usr/bin/env", "sshd", "-Dp", "2022"}, 2022},
		{[]string{"sh", "-c", "/usr/sbin/sshd -p 2022 && /usr/sbin/sshd -D -p 2023"}, 0},
		{[]string{"sh", "-c", "/usr/sbin/sshd -D -p $PORT"}, 0},
		{[]string{"sh", "-c", "/usr/sbin/sshd -D"}, 0},
		{[]string{"sh", "-c", "mysshd -p 2022; serve -p 2023"}, 0},
		{[]string{"sh", "-c", "mkdir -p /run/sshd; serve -p 2023"}, 0},
		{nil, 0},
	} {
		if got := portInScript(&corev1.Container{Command: test.words}); got != test.want {
			t.Errorf("%q: got %d, want %d", test.words, got, test.want)
		}
	}
}
