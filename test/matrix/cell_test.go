package matrix

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kubeflow/mpi-operator/pkg/apis/kubeflow/v2beta1"
)

// A cell is a job of the matrix. The zero value of what follows the dimensions is an ordinary job: two workers with a
// rank each.
type cell struct {
	mpi   mpi
	as    user
	image kind

	// name is short, and what is special follows for the page.
	name, what string
	// daily cells are run without -all too.
	daily bool

	// flags are more flags of runai submit-mpi.
	flags []string
	// retries is the number of times that the launcher may fail.
	retries int
	// clones adds --git-sync with a repository that has a file named greeting.
	clones bool
	// options are more options of mpirun.
	options []string
	// np is the number of ranks: 0 is 2, and by script if it is negative.
	np int
	// rank is what each rank runs. It prints lines with rank= and on=.
	rank string
	// script runs in the launcher, with mpirun as $0 and its arguments as $@.
	script string
	// edit changes the job where no flag can.
	edit func(*v2beta1.MPIJob)
	// during does something after the job was created.
	during func(*testing.T, *running)
	// stuck jobs are expected not to end.
	stuck bool
	// on has the ranks on each host, without the name of the job.
	on map[string]int
	// onNode ranks have the name of the machine, because they are on the node's network.
	onNode bool
	// want has what ranks print where that is not what an ordinary job's print.
	want map[string]string
	// see looks at what else there is, when the job has ended.
	see func(*testing.T, *running)
	// namespace is that of the user's kind if empty.
	namespace string
}

// everyCell returns the ordinary jobs, one for each triple of dimensions, and those that differ in one thing.
func everyCell() []cell {
	var cells []cell
	for m, implementation := range implementations {
		for u, as := range users {
			for k, image := range kinds {
				cells = append(cells, cell{
					mpi: implementation, as: as, image: image,
					name:  fmt.Sprintf("%s-%s-%s", short(implementation), short(as), short(image)),
					daily: (m+u+k)%3 == 0, // a Latin square: every pair of two dimensions once
				})
			}
		}
	}
	return slices.Concat(cells, networkCells, startCells, retriedCells, elasticCells, sshdCells,
		environmentCells, programCells, resourceCells)
}

// short returns the letters and digits that a name may have.
func short[T ~string](dimension T) string {
	keep := strings.NewReplacer(" ", "", "'s", "", "any UID, restricted", "restricted", "any UID", "uid").Replace(string(dimension))
	return strings.ToLower(keep)
}

// command returns the command line of the launcher.
func (c *cell) command() []string {
	words := []string{"mpirun"}
	if c.mpi != mpich && c.as == root {
		words = append(words, "--allow-run-as-root")
	}
	if c.np >= 0 {
		words = append(words, "-np", strconv.Itoa(cmp.Or(c.np, 2)))
	}
	words = append(append(words, c.options...), "sh", "-c", cmp.Or(c.rank, tell))
	if c.script != "" {
		return append([]string{"sh", "-c", c.script}, words...)
	}
	return words
}
