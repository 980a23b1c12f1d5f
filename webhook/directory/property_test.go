package directory

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runai-mpi/runai-mpi/config"
	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
)

// A world is a directory and a cluster that follows it through many runs.
type world struct {
	*testing.T
	random   *rand.Rand
	sync     *config.DirectorySync
	entries  []Entry
	existing []v1alpha1.PosixIdentity
	now      time.Time
	// held are the subjects that ever had a UID.
	held map[int64]map[string]bool
	// seen are the numbers of actions.
	seen map[Kind]int
}

func TestRandomDirectories(t *testing.T) {
	seen := map[Kind]int{}
	complaints := 0
	for seed := range uint64(200) {
		w := &world{
			T: t, random: rand.New(rand.NewPCG(seed, 1)), sync: people(t, ""), now: noon, held: map[int64]map[string]bool{}, seen: seen,
		}
		w.sync.Limits.MaxVanishedPercent = []int32{20, 50, 100}[seed%3]
		for range 30 {
			w.change()
			complaints += w.run()
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
	for _, kind := range []Kind{Create, Change, Close, Reopen} {
		if seen[kind] < 50 {
			t.Errorf("only %d of the kind %s", seen[kind], kind)
		}
	}
	if complaints < 1000 {
		t.Errorf("only %d complaints", complaints)
	}
}

// change changes the directory and the cluster as their administrators would.
func (w *world) change() {
	w.now = w.now.Add(time.Duration(w.random.IntN(48)) * time.Hour)
	for range w.random.IntN(4) {
		name := string(rune('a' + w.random.IntN(12)))
		uid := strconv.Itoa(1000 + w.random.IntN(16))
		at := w.random.IntN(len(w.entries) + 1)
		switch w.random.IntN(9) {
		case 0, 1, 2, 3:
			w.entries = append(w.entries, w.entry(name, uid))
		case 4, 5:
			w.entries = slices.Delete(w.entries, min(at, max(len(w.entries)-1, 0)), min(at+1, len(w.entries)))
		case 6:
			if at < len(w.entries) {
				w.entries[at] = account(w.entries[at].Attributes["uid"][0], uid)
			}
		case 7:
			if at < len(w.entries) {
				w.entries[at].Attributes["homedirectory"] = []string{"/data/" + name + uid}
			}
		case 8:
			w.administer(name, uid)
		}
	}
}

func (w *world) entry(name, uid string) Entry {
	entry := account(name, uid)
	entry.DN += "," + strconv.Itoa(w.random.IntN(1000))
	if w.random.IntN(12) == 0 {
		entry.Attributes["uidnumber"] = []string{"x"}
	}
	return entry
}

// administer adds a PosixIdentity by hand, or sets the end of one.
func (w *world) administer(name, uid string) {
	if at := w.random.IntN(len(w.existing) + 1); at < len(w.existing) && w.random.IntN(2) == 0 {
		until(w.now.Add(time.Duration(w.random.IntN(96)-48) * time.Hour).Format(time.RFC3339))(&w.existing[at])
		return
	}
	number, err := strconv.ParseInt(uid, 10, 64)
	if err != nil {
		w.Fatal(err)
	}
	entry := foreign(name, number)
	if !slices.ContainsFunc(w.existing, func(e v1alpha1.PosixIdentity) bool { return e.Name == entry.Name }) {
		w.existing = append(w.existing, entry)
		w.hold(entry)
	}
}

func (w *world) hold(entry v1alpha1.PosixIdentity) {
	if w.held[entry.Spec.UID] == nil {
		w.held[entry.Spec.UID] = map[string]bool{}
	}
	w.held[entry.Spec.UID][entry.Spec.Subject] = true
}

// run makes a plan, checks it, carries it out, and returns the number of complaints.
func (w *world) run() int {
	options := Options{Now: w.now, AllowUIDChanges: w.random.IntN(4) == 0, AllowReuse: w.random.IntN(8) == 0}
	plan, err := planOf(w.existing, w.entries, w.sync, options)
	w.sameInAnyOrder(options, plan, err)
	if err != nil {
		return 0
	}
	for _, action := range plan.Actions {
		w.check(action, options)
		w.carryOut(action)
	}
	w.inStep(plan)
	w.now = w.now.Add(time.Hour)
	options.Now = w.now
	again, err := planOf(w.existing, w.entries, w.sync, options)
	if err != nil || len(again.Actions) > 0 {
		w.Errorf("a second run: %v, %v", again, err)
	} else if diff := cmp.Diff(plan.Complaints, again.Complaints); diff != "" && !options.AllowReuse {
		w.Errorf("a second run complains about something else:\n%s", diff)
	}
	return len(plan.Complaints)
}

// sameInAnyOrder checks that a plan does not depend on the order of accounts and PosixIdentities.
func (w *world) sameInAnyOrder(options Options, plan *Plan, err error) {
	existing, entries := slices.Clone(w.existing), slices.Clone(w.entries)
	w.random.Shuffle(len(existing), func(i, j int) { existing[i], existing[j] = existing[j], existing[i] })
	w.random.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	other, otherErr := planOf(existing, entries, w.sync, options)
	if (err == nil) != (otherErr == nil) {
		w.Errorf("in another order: %v, not %v", otherErr, err)
	}
	if err == nil {
		if diff := cmp.Diff(plan.Actions, other.Actions); diff != "" {
			w.Errorf("in another order:\n%s", diff)
		}
	}
}

func (w *world) check(action Action, options Options) {
	before, after := action.Before, action.After
	if action.Kind == Close && w.inDirectory(after.Spec.Subject) {
		w.Errorf("%s has an account", action)
	}
	w.seen[action.Kind]++
	if before != nil {
		sameUID := before.Spec.UID == after.Spec.UID
		switch {
		case before.Labels[DirectoryLabel] != "people":
			w.Errorf("%s is not the directory's", action)
		case before.Name != after.Name || before.Spec.Subject != after.Spec.Subject || after.Labels[DirectoryLabel] != "people":
			w.Errorf("%s changes who it is", action)
		case (!sameUID || before.Spec.GID != after.Spec.GID) && !options.AllowUIDChanges:
			w.Errorf("%s changes UID %d", action, before.Spec.UID)
		case action.Kind == Close && after.Spec.NotAfter.Sub(w.now) > w.sync.Grace.Duration:
			w.Errorf("%s ends at %s", action, after.Spec.NotAfter)
		case action.Kind == Change && sameUID || action.Kind == Close:
			return // nobody gets a UID
		}
	}
	for subject := range w.held[after.Spec.UID] {
		if subject != after.Spec.Subject && !options.AllowReuse {
			w.Errorf("%s: the UID was that of %s", action, subject)
		}
	}
}

func (w *world) inDirectory(subject string) bool {
	return slices.ContainsFunc(w.entries, func(entry Entry) bool { return "saml:"+entry.Attributes["uid"][0] == subject })
}

func (w *world) carryOut(action Action) {
	w.hold(*action.After)
	if action.Before == nil {
		w.existing = append(w.existing, *action.After)
		return
	}
	for i := range w.existing {
		if w.existing[i].Name == action.After.Name {
			w.existing[i] = *action.After
		}
	}
}

// inStep checks that each account that nobody complained about has exactly its PosixIdentity, and that what has no
// account is closed.
func (w *world) inStep(plan *Plan) {
	complained := map[string]bool{}
	for _, complaint := range plan.Complaints {
		complained[complaint.About] = true
	}
	accounts, err := Read(Source{Accounts: w.entries}, w.sync)
	if err != nil {
		w.Fatal(err)
	}
	for _, account := range accounts.Usable {
		if complained[account.DN] {
			continue
		}
		found := slices.IndexFunc(w.existing, func(e v1alpha1.PosixIdentity) bool { return e.Spec.Subject == account.Subject })
		if found < 0 || isVanished(&w.existing[found]) || w.existing[found].Spec.UID != account.UID || w.existing[found].Spec.Home != account.Home {
			w.Errorf("account %s is not in step", account.DN)
		}
	}
	for _, entry := range w.existing {
		if entry.Labels[DirectoryLabel] == "people" && !w.inDirectory(entry.Spec.Subject) && (!isVanished(&entry) || entry.Spec.NotAfter == nil) {
			w.Errorf("%s is open without an account", entry.Name)
		}
	}
}
