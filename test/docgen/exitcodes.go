package docgen

import "strconv"

// An ExitCode is an exit code of a program, its meaning, and commands that exit with it without a cluster,
// which the program's own test runs.
type ExitCode struct {
	Code     int
	Meaning  string
	Examples [][]string
}

// ExitCodes has the exit codes of both programs, by program name.
var ExitCodes = map[string][]ExitCode{
	"runai": {
		{0, "The command did what it was asked to do; without a command, `runai` prints its help. " +
			"`runai whoami` also exits with 0 if `--run-as-user` is not possible, " +
			"and `runai logs -f` if the job failed after it had started: use `runai wait` for the result.",
			[][]string{{}, {"--version"}, {"--help"}, {"submit-mpi", "-i", "example/train", "--dry-run=client"}}},
		{1, "It could not: there is no kubeconfig, the cluster does not answer, the job was refused or does not exist, " +
			"a job that `--attach`, `wait` or `submit-mpi --wait` waited for failed, was deleted or took longer than `--timeout`, " +
			"or nobody confirmed `delete --all`.",
			[][]string{{"list", "jobs"}, {"whoami"}, {"submit-mpi", "-i", "example/train"}}},
		{2, "The command line is not valid. Nothing was sent to the cluster.",
			[][]string{{"unknown"}, {"config"}, {"list", "--unknown"}, {"submit-mpi"}, {"submit-mpi", "-i", "example/train", "-g", "1.5"}}},
		{130, "It was interrupted, by Ctrl-C or SIGTERM. A job that was already submitted is not deleted.", nil},
	},
	"runai-webhook": {
		{0, "`admit` admitted every job, or found no job and warned about it. `serve` was told to stop, by SIGTERM or SIGINT. " +
			"`review` found nothing that would be refused. `prepare` applied the CRDs, or left those of a newer release as they are. " +
			"`check` found nothing wrong, or had only warnings. `doctor` found nothing in what it could read. " +
			"`directory sync` made the PosixIdentities match the accounts.",
			[][]string{{"--version"}, {"--help"}, {"admit", "-f", "../config/samples/submitted.yaml"}, {"admit", "-f", "../config/samples"},
				{"admit", "-f", "../config/samples/project.yaml"},
				{"admit", "-f", "../config/samples/project.yaml", "-f", "../config/samples/submitted.yaml"},
				{"review", "-f", "../config/samples/project.yaml", "-f", "../config/samples/submitted.yaml"}}},
		{1, "`admit` refused a job or could not read a file. `review` found a job that would be refused or a namespace " +
			"without its Project, or could not read the cluster. `serve` could not start, or had to stop. " +
			"`prepare` found an error in the cluster policy, or could not apply the CRDs. `check` found something wrong. " +
			"`doctor` found something. `directory sync` complained about an account, or could not read the directory or the cluster.",
			[][]string{{"admit", "-f", "absent.yaml"}, {"admit", "-f", "../config/samples/submitted.yaml", "-f", "absent.yaml"},
				{"review", "-f", "../config/samples/submitted.yaml"}, {"review", "-f", "absent.yaml"},
				{"review", "--kubeconfig", "docs_test.go"}, {"serve", "--cert-dir", "."}, {"prepare"}, {"check"},
				{"directory", "sync", "--config", "docs_test.go"}}},
		{2, "The command line is not valid, or `doctor` could not read the cluster.",
			[][]string{{}, {"unknown"}, {"doctor", "--kubeconfig", "docs_test.go"}, {"doctor", "-o", "yaml"}, {"admit"},
				{"admit", "--unknown"}, {"directory"}, {"directory", "sync"}, {"directory", "sync", "--config", "absent.yaml"},
				{"review", "--as-project", "a"}, {"review", "-o", "x"}, {"review", "-l", "=="},
				{"admit", "-f", "../config/samples/submitted.yaml", "--user", "a", "--user", "b"}, {"serve", "--cert-dir", "absent"}}},
	},
}

// otherExitCodes says of a program when it ends with a code that is not in its table.
var otherExitCodes = map[string]string{
	"runai": "\n`runai exec`, `bash`, `attach` and `submit-mpi --attach` " +
		"end with the exit code of the process in the job that your terminal was " +
		"connected to, if it has one other than 0.\n",
}

// ExitCodeTable returns the section about the exit codes of a program.
func ExitCodeTable(program string) string {
	var rows [][]string
	for _, code := range ExitCodes[program] {
		rows = append(rows, []string{strconv.Itoa(code.Code), code.Meaning})
	}
	return "\n## Exit codes\n\n" + Table([]string{"code", "meaning"}, rows) + otherExitCodes[program]
}
