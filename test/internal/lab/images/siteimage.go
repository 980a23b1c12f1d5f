package images

// siteFiles make an image as a site has it whose administrators configure their own sshd: PAM with limits and
// an environment, and another port on both sides. It runs jobs as root without our help.
var siteFiles = []file{
	{Path: "run/sshd/", Mode: 0o755},
	{Path: "etc/ssh/sshd_config.d/site.conf", Content: "Port " + SitePort + "\nStrictModes no\nUsePAM yes\n", Mode: 0o644},
	{
		Path: "etc/ssh/ssh_config.d/site.conf", Mode: 0o644,
		Content: "Port " + SitePort + "\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\n",
	},
	{Path: "etc/security/limits.conf", Append: "root - nofile " + SiteOpenFiles + "\n* - nofile " + SiteOpenFiles + "\n"},
	{Path: "etc/environment", Content: SiteVariable + "=" + SiteValue + "\n", Mode: 0o644},
}

// What the site's configuration sets in each session of its sshd.
const (
	SitePort      = "2022"
	SiteOpenFiles = "4321"
	SiteVariable  = "SITE_LICENSES"
	SiteValue     = "27000@licenses.example.com"
)
