package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/terminal"
	"github.com/runai-mpi/runai-mpi/webhook/directory"
	"github.com/runai-mpi/runai-mpi/webhook/directory/cluster"
	"github.com/runai-mpi/runai-mpi/webhook/directory/ldap"
)

// mostFailures is the largest number of failed changes that are printed.
const mostFailures = 10

type directoryCommands struct {
	Sync directorySync `cmd:"" help:"Keep PosixIdentities in step with the accounts of an LDAP server or of Active Directory."`
}

type directorySync struct {
	Config          string        `required:"" placeholder:"FILE" type:"existingfile" help:"File with the configuration of the directory."`
	DryRun          bool          `help:"Print what would be done, and change nothing."`
	AllowUIDChanges bool          `name:"allow-uid-changes" help:"Change the UID or GID of PosixIdentities whose accounts have another one now. Existing files keep the old one."`
	AllowReuse      bool          `help:"Give accounts UIDs that another PosixIdentity has or had, and so the files of that user."`
	Lease           string        `placeholder:"NAMESPACE/NAME" help:"Lease that says when the last complete run was. Default: none."`
	StaleAfter      time.Duration `default:"1h" help:"How long after a complete run the directory counts as stale, in the Lease."`
	Kubeconfig      string        `placeholder:"FILE" type:"existingfile" help:"File with the kubeconfig. Default: the pod's service account."`
}

// Validate is called by kong.
func (s *directorySync) Validate() error {
	if _, err := s.lease(); err != nil {
		return err
	}
	if s.StaleAfter < time.Second {
		return fmt.Errorf("invalid value %q for --stale-after: must be at least 1s", s.StaleAfter)
	}
	return nil
}

// lease returns the name of the Lease, empty for none.
func (s *directorySync) lease() (types.NamespacedName, error) {
	namespace, name, found := strings.Cut(s.Lease, "/")
	if s.Lease != "" && (!found || namespace == "" || name == "" || strings.Contains(name, "/")) {
		return types.NamespacedName{}, fmt.Errorf("invalid --lease %q: expected NAMESPACE/NAME, for example runai-system/runai-mpi-directory", s.Lease)
	}
	return types.NamespacedName{Namespace: namespace, Name: name}, nil
}

// Run prints what it did in one line, after a line for each account that an administrator must look at. If there is
// one, its error says how many.
func (s *directorySync) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return s.run(ctx, terminal.NewWriter(os.Stdout))
}

func (s *directorySync) run(ctx context.Context, report io.Writer) error {
	sync, err := config.LoadDirectorySync(s.Config)
	if err != nil {
		return err
	}
	client, err := clientConfig(s.Kubeconfig)
	if err != nil {
		return err
	}
	target, err := cluster.New(client)
	if err != nil {
		return err
	}
	plan, accounts, err := s.plan(ctx, sync, target)
	if err != nil {
		return err
	}
	for _, complaint := range plan.Complaints {
		fmt.Fprintln(report, terminal.Line(complaint.String()))
	}
	summary := summarize(plan, accounts)
	if s.DryRun {
		for _, action := range plan.Actions {
			fmt.Fprintln(report, terminal.Line("would "+action.String()))
		}
		fmt.Fprintln(report, summary+" (dry run: nothing was changed)")
		return complained(plan)
	}
	if failed := target.Apply(ctx, plan.Actions); len(failed) > 0 {
		shown := failed[:min(len(failed), mostFailures)] // many have one cause
		return errors.Join(append(shown, fmt.Errorf("%d of %d changes failed: run it again", len(failed), len(plan.Actions)))...)
	}
	if err := s.beat(ctx, target, sync.Name, summary); err != nil {
		return err
	}
	fmt.Fprintln(report, summary)
	return complained(plan)
}

// plan reads the directory first, and then the cluster, so that a slow directory does not make a plan for old objects.
func (s *directorySync) plan(ctx context.Context, sync *config.DirectorySync, target *cluster.Cluster) (*directory.Plan, *directory.Accounts, error) {
	source, err := ldap.Read(ctx, sync)
	if err != nil {
		return nil, nil, err
	}
	accounts, err := directory.Read(source, sync)
	if err != nil {
		return nil, nil, err
	}
	existing, err := target.List(ctx)
	if err != nil {
		return nil, nil, err
	}
	plan, err := directory.Make(existing, accounts, sync, directory.Options{
		AllowUIDChanges: s.AllowUIDChanges, AllowReuse: s.AllowReuse, Now: time.Now(),
	})
	return plan, accounts, err
}

func (s *directorySync) beat(ctx context.Context, target *cluster.Cluster, name, summary string) error {
	lease, err := s.lease()
	if err != nil || lease.Name == "" {
		return err
	}
	return target.Beat(ctx, lease, name, summary, time.Now(), s.StaleAfter)
}

// summarize says in one line what a run does.
func summarize(plan *directory.Plan, accounts *directory.Accounts) string {
	counts := map[directory.Kind]int{}
	for _, action := range plan.Actions {
		counts[action.Kind]++
	}
	return fmt.Sprintf("accounts: %d (%d out of bounds); PosixIdentities: %d created, %d changed, %d closed, %d reopened; complaints: %d",
		accounts.Total, len(accounts.LeftOut), counts[directory.Create], counts[directory.Change], counts[directory.Close],
		counts[directory.Reopen], len(plan.Complaints))
}

func complained(plan *directory.Plan) error {
	switch len(plan.Complaints) {
	case 0:
		return nil
	case 1:
		return errors.New("1 complaint: see above")
	}
	return fmt.Errorf("%d complaints: see above", len(plan.Complaints))
}
