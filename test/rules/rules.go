// Package rules lists what keeps a user from being somebody else: the line of code that is the rule, and
// the test that fails without it. "make prove" takes out one rule after the other and runs its test.
package rules

import (
	"fmt"
	"strings"
)

// A Rule is a line of code.
type Rule struct {
	// Number is the attempt's in the threat model, or "" for one that has none there.
	Number string
	// Attempt is what somebody tries.
	Attempt string
	// File has Line exactly once; with Without in its place it compiles, and the rule is gone.
	File, Line, Without string
	// Package is the folder of the test, in which its name begins with Test or Fuzz.
	Package, Test string
}

const (
	forgery    = "test/forgery"
	oracle     = "test/oracle"
	e2e        = "test/e2e"
	asUser     = "webhook/policy/runasuser.go"
	dangers    = "webhook/policy/dangers.go"
	resolve    = "webhook/policy/resolve.go"
	updates    = "webhook/policy/update.go"
	claims     = "webhook/identity/claims.go"
	directory  = "webhook/identity/directory.go"
	configured = "config/samples/authentication-configuration.yaml"
)

// All are the rules, in the order of their numbers.
var All = []Rule{
	{"T01", "another uid on a pod", asUser, "ensurePointer(&pod.RunAsUser, in.Identity.UID, path.Child(\"runAsUser\"), annotations.RunAsUserKey),", "", forgery, "TestT01OtherIDs"},
	{"T01", "another gid on a pod", asUser, "ensurePointer(&pod.RunAsGroup, in.Identity.GID, path.Child(\"runAsGroup\"), annotations.RunAsUserKey),", "", forgery, "TestT01OtherIDs"},
	{"T01", "another uid on a container", asUser, "agrees(context.RunAsUser, in.Identity.UID, path.Child(\"runAsUser\")),", "", forgery, "TestT01OtherIDs"},
	{"T01", "another gid on a container", asUser, "agrees(context.RunAsGroup, in.Identity.GID, path.Child(\"runAsGroup\")),", "", forgery, "TestT01OtherIDs"},
	{"T01", "root, if it is the image's user", asUser, "agrees(context.RunAsNonRoot, true, path.Child(\"runAsNonRoot\")),", "", forgery, "TestT01OtherIDs"},
	{"T01", "another uid in a role that the operator does not know", "shared/mpijob/templates.go", "return append(slices.Clone(knownRoles), others...)", "return knownRoles", forgery, "TestT01OtherIDs"},
	{"T01", "another uid on an init container", "shared/mpijob/templates.go", "for i := range t.Spec.InitContainers {", "for i := range t.Spec.InitContainers[:0] {", forgery, "TestT01OtherIDs"},
	{"T02", "random jobs", asUser, "agrees(context.RunAsUser, in.Identity.UID, path.Child(\"runAsUser\")),", "", oracle, "FuzzEffectiveIdentity"},
	{"T02", "random updates", updates, "role.Template.Spec.NodeSelector, role.Template.Spec.Tolerations = nil, nil", "role.Template.Spec.NodeSelector, role.Template.Spec.Tolerations, role.Template.Spec.SecurityContext = nil, nil, nil", oracle, "FuzzUpdates"},
	{"T02", "random jobs on the API server", asUser, "agrees(context.RunAsUser, in.Identity.UID, path.Child(\"runAsUser\")),", "", oracle + "/apiserver", "TestT02RandomJobs"},
	{"T03", "not to ask, and to write another uid", resolve, "case !required && (asked == nil || !*asked):", "case asked == nil || !*asked:", forgery, "TestT03NotAsking"},
	{"T03", "to decline", resolve, "case required && asked != nil && !*asked:", "case false && required && !*asked:", forgery, "TestT03NotAsking"},
	{"T04", "fsGroup", dangers, "spec.SecurityContext != nil && spec.SecurityContext.FSGroup != nil", "false", forgery, "TestT04OtherGroups"},
	{"T04", "a supplementary group", asUser, "!slices.Equal(own, groups) && len(own)+len(groups) > 0", "!slices.Equal(own, groups) && false", forgery, "TestT04OtherGroups"},
	{"T04", "the groups of the image", asUser, "in.Cluster.Identity.SupplementalGroupsPolicy == config.GroupsStrict", "in.Cluster.Identity.SupplementalGroupsPolicy == config.GroupsStrict && false", forgery, "TestT04OtherGroups"},
	{"T05", "an image whose /etc/group names the user", asUser, "in.Cluster.Identity.SupplementalGroupsPolicy == config.GroupsStrict", "in.Cluster.Identity.SupplementalGroupsPolicy == config.GroupsStrict && false", e2e, "TestT05GroupsOfTheImage"},
	{"T06", "a CRD that drops supplementalGroupsPolicy", resolve, "if err != nil || keeps {", "if err != nil || keeps || true {", forgery, "TestT06OldCRD"},
	{"T07", "privileged", asUser, "agrees(context.Privileged, false, path.Child(\"privileged\")),", "", forgery, "TestT07Privileges"},
	{"T07", "allowPrivilegeEscalation", asUser, "ensurePointer(&context.AllowPrivilegeEscalation, false, path.Child(\"allowPrivilegeEscalation\"), annotations.RunAsUserKey),", "", forgery, "TestT07Privileges"},
	{"T07", "capabilities", asUser, "if added != bindLowPorts {", "if added != bindLowPorts && false {", forgery, "TestT07Privileges"},
	{"T07", "a user namespace", dangers, "if spec.HostUsers != nil && !*spec.HostUsers {", "if false {", forgery, "TestT07Privileges"},
	{"T07", "the node's processes", dangers, "if spec.HostPID {", "if false {", forgery, "TestT07Privileges"},
	{"T07", "an ephemeral container", dangers, "if len(spec.EphemeralContainers) > 0 {", "if false {", forgery, "TestT07Privileges"},
	{"T07", "another container runtime", dangers, "name != nil && !slices.Contains(cluster.RuntimeClassNames, *name)", "name != nil && false", forgery, "TestT07Privileges"},
	{"T07", "an annotation that a runtime reads", dangers, "if loosens(key) {", "if false {", forgery, "TestT07Privileges"},
	{"T07", "SELinux, seccomp, AppArmor, procMount, sysctls", dangers, "if !result.Allowed {", "if !result.Allowed && false {", forgery, "TestT07Privileges"},
	{"T07", "a setuid program in the image", asUser, "ensurePointer(&context.AllowPrivilegeEscalation, false, path.Child(\"allowPrivilegeEscalation\"), annotations.RunAsUserKey),", "", e2e, "TestT07SetuidProgram"},
	{"T08", "a stamp of one's own", "webhook/policy/admit.go", "metav1.SetMetaDataAnnotation(&job.ObjectMeta, annotations.SubmittedByKey, stamp.String())", "if job.Annotations[annotations.SubmittedByKey] == \"\" {\n\t\tmetav1.SetMetaDataAnnotation(&job.ObjectMeta, annotations.SubmittedByKey, stamp.String())\n\t}", forgery, "TestT08ForgedStamp"},
	{"T08", "a passwd file of one's own", "webhook/policy/ssh.go", "metav1.SetMetaDataAnnotation(&template.ObjectMeta, key, contents[file.name])", "if template.Annotations[key] == \"\" {\n\t\t\tmetav1.SetMetaDataAnnotation(&template.ObjectMeta, key, contents[file.name])\n\t\t}", forgery, "TestT08ForgedStamp"},
	{"T09", "to change a stored stamp", updates, "stamp == nil || forges(stored, updated)", "stamp == nil || false && forges(stored, updated)", forgery, "TestT09ChangedStamp"},
	{"T09", "to change that of a job under deletion", updates, "stamp == nil || forges(stored, updated)", "stamp == nil || updated.DeletionTimestamp == nil && forges(stored, updated)", forgery, "TestT09StampOfADyingJob"},
	{"T10", "to change it, or a uid, by any kind of patch", updates, "equality.Semantic.DeepEqual(a.governed(stored), a.governed(updated))", "true || equality.Semantic.DeepEqual(a.governed(stored), a.governed(updated))", forgery, "TestT10Patches"},
	{"T12", "to change what a colleague's job runs", updates, "if equality.Semantic.DeepEqual(a.governed(stored), a.governed(again)) {", "if true {", forgery, "TestT12Colleague"},
	{"T12", "to change what it asks for", updates, "part.Annotations = filtered(job.Annotations, IsOurs)", "part.Annotations = nil", forgery, "TestT12Colleague"},
	{"T13", "to resume and scale it, which is allowed", updates, "role.Replicas = nil", "", forgery, "TestT13ColleagueSteers"},
	{"T14", "a controller suspends it, which is allowed", updates, "part.Spec.RunPolicy = v2beta1.RunPolicy{}", "", forgery, "TestT14Controllers"},
	{"T15", "a controller changes what runs", updates, "if equality.Semantic.DeepEqual(a.governed(stored), a.governed(again)) {", "if true {", forgery, "TestT15CompromisedController"},
	{"T15", "a controller submits a job", "webhook/identity/identity.go", "return nil, fmt.Errorf(\"the cluster knows no UID", "return nil, nil\n\treturn nil, fmt.Errorf(\"the cluster knows no UID", forgery, "TestT15CompromisedController"},
	{"T16", "a service account in a namespace that its entry does not name", directory, "case isServiceAccount(entry.Subject) && !slices.Contains(entry.Namespaces, q.Namespace):", "case false && isServiceAccount(entry.Subject) && !slices.Contains(entry.Namespaces, q.Namespace):", forgery, "TestT16ServiceAccount"},
	{"T16", "an entry that ended", directory, "case entry.NotAfter != nil && !q.Now.Before(entry.NotAfter.Time):", "case false:", "test/integration", "TestDirectory"},
	{"T16", "two entries of one subject", directory, "if len(entries) > 1 {", "if false {", "test/integration", "TestDirectory"},
	{"T17", "to impersonate a user, without her attributes", "webhook/identity/identity.go", "return nil, fmt.Errorf(\"the cluster knows no UID", "return nil, nil\n\treturn nil, fmt.Errorf(\"the cluster knows no UID", forgery, "TestT17ImpersonatesUsers"},
	{"T19", "a token that lives too long", configured, "claims.exp - claims.iat <= 43200", "claims.exp - claims.iat <= 432000", forgery, "TestT19TokensOfNobody"},
	{"T19", "a token for somebody else", configured, "audiences: [k8s-hpc]", "audiences: [k8s-hpc, another]", forgery, "TestT19TokensOfNobody"},
	{"T20", "an issuer that the policy does not trust", claims, "if len(policy.TrustedSources) == 0 {", "if true {", forgery, "TestT20AnotherIssuer"},
	{"T21", "a uid that is no decimal number", claims, "case err != nil || !decimal.MatchString(text):", "case err != nil && !decimal.MatchString(text) && false:", forgery, "TestT21BrokenClaims"},
	{"T21", "a uid beyond 2147483647", claims, "case number > math.MaxInt32:", "case number > math.MaxInt64-1:", forgery, "TestT21BrokenClaims"},
	{"T21", "a uid of the system's", claims, "case number < least:", "case number < least && false:", forgery, "TestT21BrokenClaims"},
	{"T21", "two uids, or none", claims, "if len(values) != 1 {\n\t\tc.fail(", "if len(values) == 0 {\n\t\treturn 1000\n\t}\n\tif false {\n\t\tc.fail(", forgery, "TestT21BrokenClaims"},
	{"T21", "a large number in a token", configured, "string(int(claims.posix_uid))", "string(claims.posix_uid)", forgery, "TestT21LargeNumber"},
	{"T23", "another webhook changes the job afterwards", "webhook/admission/validator.go", "\tbefore := job.DeepCopy()\n", "\treturn admission.Allowed(place.Project.Name)\n\tbefore := job.DeepCopy()\n", forgery, "TestT23LaterWebhook"},
	{"T23", "it takes something away", "webhook/admission/validator.go", "if errs := tampered(operations); len(errs) > 0 {", "if errs := tampered(operations); len(errs) > 0 && false {", "webhook/admission", "TestFinalObjectIsJudged"},
	{"T24", "no webhook answers", "charts/runai-mpi/templates/_helpers.tpl", "failurePolicy: Fail", "failurePolicy: Ignore", forgery, "TestT24WebhookIsDown"},
	{"T26", "a pod that is no MPIJob's", "config/samples/only-the-operator-makes-pods.yaml", "request.operation != 'CREATE' || variables.operator || variables.launcher", "'true' == 'true' || variables.operator || variables.launcher", forgery, "TestT26OtherPods"},
	{"T26", "a container more in a colleague's pod", "config/samples/only-the-operator-makes-pods.yaml", "request.subResource != 'ephemeralcontainers'", "request.subResource != 'other'", forgery, "TestT26OtherPods"},
	{"T26", "a container that another webhook puts into a pod", "config/samples/only-the-operator-makes-pods.yaml", "c.securityContext.runAsUser == object.spec.securityContext.runAsUser", "true", forgery, "TestT26OtherPods"},
	{"T27", "the label of MultiKueue", "webhook/policy/copy.go", "if !slices.Contains(a.Cluster.MultiKueue.Submitters, request.User.Username) {", "if !slices.Contains(a.Cluster.MultiKueue.Submitters, request.User.Username) && false {", forgery, "TestT27MultiKueueLabel"},
	{"T27", "a copy that is not its stamp's", "webhook/policy/copy.go", "if errs := runAsUser(ensured, in); len(errs) > 0 {", "if errs := runAsUser(ensured, in); len(errs) > 0 && false {", "webhook/policy", "TestGoldens/refused-multikueue-copy-as-another"},
	{"", "a name that becomes a line of the passwd file", "webhook/identity/username.go", "`^[a-z_][a-z0-9_.-]{0,31}$`", "`^[a-z_]`", "webhook/policy", "FuzzFiles"},
}

// Table is the list as the documentation has it.
func Table() string {
	var text strings.Builder
	text.WriteString("| number | what somebody tries | the rule | the test that fails without it |\n|---|---|---|---|\n")
	for _, rule := range All {
		line, _, _ := strings.Cut(strings.TrimSpace(rule.Line), "\n")
		fmt.Fprintf(&text, "| %s | %s | `%s`: `%s` | `%s` `%s` |\n", rule.Number, rule.Attempt, rule.File, strings.ReplaceAll(line, "|", "\\|"), rule.Package, rule.Test)
	}
	return text.String()
}
