package annotations

import (
	"regexp"
	"strings"
)

// Applied is the value of [AppliedPoliciesKey]. It proves nothing, because anybody can write it.
type Applied struct {
	Policies []string // their names, in order
	Version  string   // of the webhook
	Digest   string   // of all that the result depends on, other than the spec
	Written
}

// Written is what tells the policies' work from the author's in a job, even if the cluster policy names other
// labels and another resource today.
type Written struct {
	QueueLabel, NodeTypeLabel, GPUName, Workers, Scheduler string

	LauncherExempt bool // from the node types
	ByRunai        bool // the job was submitted by the command line: it had its gate
}

func (w Written) String() string {
	text := "queue=" + w.QueueLabel + ",node-type=" + w.NodeTypeLabel + ",gpu=" + w.GPUName + ",workers=" + w.Workers
	if w.Scheduler != "" {
		text += ",scheduler=" + w.Scheduler
	}
	if w.LauncherExempt {
		text += ",launcher=any"
	}
	if w.ByRunai {
		text += ",client=runai"
	}
	return text
}

func (a Applied) String() string {
	return strings.Join([]string{strings.Join(a.Policies, ","), a.Version, a.Digest, a.Written.String()}, " ")
}

var writtenFormat = regexp.MustCompile(`^queue=([^,]*),node-type=([^,]*),gpu=([^,]*),workers=(\d+)(?:,scheduler=([^,]+))?(,launcher=any)?(,client=runai)?$`)

// ParseApplied reads what a job says about the policies that were applied to it. What an older webhook did not write
// has the value of unsaid.
func ParseApplied(text string, unsaid Written) Applied {
	said, fields := Applied{Written: unsaid}, strings.Fields(text)
	if last := len(fields) - 1; last >= 0 {
		if found := writtenFormat.FindStringSubmatch(fields[last]); found != nil {
			said.Written, fields = Written{found[1], found[2], found[3], found[4], found[5], found[6] != "", found[7] != ""}, fields[:last]
		}
	}
	if len(fields) > 0 {
		said.Policies, said.Digest = strings.Split(fields[0], ","), fields[len(fields)-1]
	}
	if len(fields) > 1 {
		said.Version = fields[1]
	}
	return said
}
