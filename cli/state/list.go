package state

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Rows returns a row for each job, below the original's header.
func Rows(jobs []Job, project func(string) string, now time.Time) [][]string {
	all := make([][]string, 0, len(jobs))
	for _, s := range jobs {
		all = append(all, []string{
			s.MPIJob.Name, s.Status(), age(s.MPIJob.CreationTimestamp, now), s.node(), s.image(), s.kind(), project(s.MPIJob.Namespace), s.user(),
			s.gpus(), fmt.Sprintf("%d (%d)", s.count(corev1.PodRunning), s.count(corev1.PodPending)), "",
		})
	}
	slices.SortFunc(all, func(a, b []string) int {
		return strings.Compare(a[6]+"\x00"+a[0], b[6]+"\x00"+b[0])
	})
	header := []string{"NAME", "STATUS", "AGE", "NODE", "IMAGE", "TYPE", "PROJECT", "USER",
		"GPUs Allocated (Requested)", "PODs Running (Pending)", "SERVICE URL(S)"}
	return append([][]string{header}, all...)
}
