package state

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/runai-mpi/runai-mpi/shared/mpijob"
)

// Rows returns a row for each job, below the original's header. Wide rows have more columns after it.
func Rows(jobs []Job, project func(string) string, now time.Time, wide bool) [][]string {
	all := make([][]string, 0, len(jobs))
	for _, s := range jobs {
		row := []string{
			s.MPIJob.Name, s.Status(), age(s.MPIJob.CreationTimestamp, now), s.node(), s.image(), s.kind(), project(s.MPIJob.Namespace), s.user(),
			s.gpus(), fmt.Sprintf("%d (%d)", s.count(corev1.PodRunning), s.count(corev1.PodPending)), "",
		}
		if wide {
			row = append(row, s.MPIJob.Namespace, strconv.Itoa(int(mpijob.Workers(s.MPIJob))), s.runsAs(), strings.Join(s.nodes(), ","), s.Reason())
		}
		all = append(all, row)
	}
	slices.SortFunc(all, func(a, b []string) int {
		return strings.Compare(a[6]+"\x00"+a[0], b[6]+"\x00"+b[0])
	})
	header := []string{"NAME", "STATUS", "AGE", "NODE", "IMAGE", "TYPE", "PROJECT", "USER",
		"GPUs Allocated (Requested)", "PODs Running (Pending)", "SERVICE URL(S)"}
	if wide {
		header = append(header, "NAMESPACE", "WORKERS", "RUNS AS", "NODES", "REASON")
	}
	return append([][]string{header}, all...)
}
