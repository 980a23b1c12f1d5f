package identity

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// rule - in webhook/policy FuzzFiles: a name that becomes a line of the passwd file
// without: var posixName = regexp.MustCompile(`^[a-z_]`)
var posixName = regexp.MustCompile(`^[a-z_][a-z0-9_.-]{0,31}$`)

// systemNames are the names in passwd and group files of common images. A program would take a user with
// such a name for the system's.
var systemNames = []string{
	"root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "www-data", "backup", "list", "irc", "gnats",
	"nobody", "nogroup", "sshd", "adm", "tty", "disk", "kmem", "dialout", "fax", "voice", "cdrom", "floppy", "tape", "sudo", "audio", "dip",
	"operator", "src", "shadow", "utmp", "video", "render", "sasl", "plugdev", "staff", "users", "wheel", "halt", "shutdown", "ftp", "dbus",
	"messagebus", "systemd-network", "systemd-resolve", "systemd-journal", "systemd-timesync", "polkitd", "chrony", "ssh", "input", "kvm", "sgx", "crontab",
}

// userName returns the name claim, else the authenticated username after its last : and before @, else u
// and the UID. It skips names that are not valid in a passwd file and those of the system.
func userName(claim, username string, uid int64) string {
	short := username[strings.LastIndex(username, ":")+1:]
	short, _, _ = strings.Cut(short, "@")
	for _, name := range []string{claim, short} {
		if IsUserName(name) {
			return name
		}
	}
	return "u" + strconv.FormatInt(uid, 10)
}

// IsUserName reports whether a passwd file of common images can have this name for a user.
func IsUserName(name string) bool {
	return posixName.MatchString(name) && !slices.Contains(systemNames, name)
}
