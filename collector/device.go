package collector

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/shared/stream"
)

// Device is a computer with an agent.
type Device struct {
	// ID is "d-" and 16 hex digits, given at enrolment, never changed.
	ID string
	// PublicKey is Ed25519, 32 bytes.
	PublicKey    []byte
	Name         string
	OS           string
	OSVersion    string
	Arch         string
	AgentVersion string
	// VersionAt is when it first came with AgentVersion; zero: it did already when it was enrolled.
	VersionAt time.Time
	// Hardware is a hash of what the hardware says of itself; never an identity.
	Hardware string
	TimeZone string
	// LinkID is the installer link it enrolled by.
	LinkID string
	// Flags the collector derived: "replaces?", "cloned", "fork", "flood", "clock", …; sorted.
	Flags         []string
	EnrolledAt    time.Time
	LastContactAt time.Time
	// LastEpisodeAt is the end of the newest episode stored, by the device's clock.
	LastEpisodeAt time.Time
	// RevokedAt: refused from then on; zero if never.
	RevokedAt time.Time
	// UninstallAt: the agent was asked to remove itself; zero if never.
	UninstallAt time.Time
}

// FlagRenamed marks a device whose name is not the one it enrolled with: no rule may name it by that.
const FlagRenamed = "renamed"

// RuleNames gives, by id, the lower-case name by which rules may mean a device: one that no other has, without case, and that
// never changed.
func RuleNames(devices []Device) map[string]string {
	count := map[string]int{}
	for _, one := range devices {
		count[strings.ToLower(one.Name)]++
	}
	names := map[string]string{}
	for _, one := range devices {
		if name := strings.ToLower(one.Name); count[name] == 1 && !slices.Contains(one.Flags, FlagRenamed) {
			names[one.ID] = name
		}
	}
	return names
}

// LoginKey names a login across the collector: a directory account by its directory identity, a local one by the
// device it is on. Lower case, since accounts are compared without case. An authority that reads like a device's id is
// none: a device speaks for no local account but its own.
func LoginKey(device string, login stream.Login) string {
	owner := login.Authority
	if owner == "" || likeDevice.MatchString(owner) {
		owner = device
	}
	return strings.ToLower(owner + `\` + login.Account)
}

var likeDevice = regexp.MustCompile(`(?i)^d-[0-9a-f]{16}(\\|$)`)

// Login is an account that has been seen, and the person it belongs to.
type Login struct {
	Key string
	// Name is DOMAIN\name as shown.
	Name string
	// Device the login is local to; empty for a directory account.
	Device string
	Person string
}

// Person is one or more logins.
type Person struct {
	// ID is "p-" and 12 hex digits, given on the first episode, never changed.
	ID    string
	Name  string
	Email string
	// Logins are the shown names, sorted.
	Logins []string
}

// DefaultMaxPerMinute is how many devices one link enrols in a minute where it does not say.
const DefaultMaxPerMinute = 10

// Link is an installer link. Its secrets are stored only as SHA-256.
type Link struct {
	ID string
	// AddressHash is of the secret in its page's address; zero where it has no page.
	AddressHash [32]byte
	OS          string
	CreatedAt   time.Time
	ExpiresAt   time.Time
	CreatedBy   string
	MaxDevices  int
	// MaxPerMinute enrolments; 0 is DefaultMaxPerMinute.
	MaxPerMinute int
	Devices      int
	// Downloads of its installer or of an enrolment string; at most MaxDownloads.
	Downloads int
	// UsedAt is its last download or enrolment; zero: never.
	UsedAt time.Time
	// RevokedAt is zero unless revoked.
	RevokedAt time.Time
}

// MaxDownloads of a link: each leaves a secret behind, and whoever has the link's address may download. It is room for several
// attempts on each computer, and for the scanners of the mail it travels by.
func (l Link) MaxDownloads() int { return 100 + 20*l.MaxDevices }
