// Package settings holds the account's settings: their types, defaults and allowed ranges, how overrides merge, and
// the document resolved for one device that travels to its agent. It is pure.
package settings

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/stream"
)

// MaxDocument is the largest settings document an agent accepts, in bytes.
const MaxDocument = 4 << 20

// FeatureNotice is the agent's ability to show a notice and have it acknowledged. An agent without it collects
// nothing under settings whose notice asks for that.
const FeatureNotice = "notice"

// Device is the settings document resolved for one device, as JSON. An agent ignores keys it does not know; what it
// must not ignore is named in Requires.
type Device struct {
	Device string `json:"device"`
	// Requires names features an agent must have; one that lacks any captures application names only.
	Requires []string `json:"requires,omitempty"`
	// Settings hold for every login, save for what Logins says. Their Revision is empty: it is derived from the bytes
	// of this document.
	Settings episode.Settings `json:"settings"`
	Browsers Browsers         `json:"browsers"`
	// Pause: may people pause collection?
	Pause bool `json:"pause,omitempty"`
	// Logins that the device asked about, by LoginKey.
	Logins map[string]Login `json:"logins,omitempty"`
	// DoNotTrackSalt (hex) and DoNotTrackHashes: HMAC-SHA-256 of lower-case `domain\user` and `*\user` (hex, sorted),
	// for logins not asked about yet.
	DoNotTrackSalt   string   `json:"do_not_track_salt,omitempty"`
	DoNotTrackHashes []string `json:"do_not_track_hashes,omitempty"`
	Agents           Agents   `json:"agents"`
	Notice           *Notice  `json:"notice,omitempty"`
}

// Login is what holds for one login.
type Login struct {
	Tracked bool `json:"tracked"`
	// Schedule holds for this login instead of the device's; null is always, empty is never.
	Schedule episode.Schedule `json:"schedule"`
}

// Browsers is about browser windows whose privacy is not known, and about page addresses.
type Browsers struct {
	// UnknownPrivate: "blank" (such a window counts as private) or "title".
	UnknownPrivate string `json:"unknown_private"`
	// Accessibility: may the agent read a page's address through the system's accessibility interface, where the
	// browser's extension does not tell it? A collector that does not know the key says no.
	Accessibility bool `json:"accessibility,omitempty"`
}

// Agents is how agents buffer and send.
type Agents struct {
	SyncEvery episode.Duration `json:"sync_every"`
	Buffer    Buffer           `json:"buffer"`
	// Records is the highest version of a record (shared/stream) that the collector reads; one that does not say reads 1.
	Records int `json:"records,omitempty"`
}

// Buffer caps what an agent keeps without a collector.
type Buffer struct {
	// Bytes and Days; a full buffer drops the oldest and records the loss.
	Bytes int64 `json:"bytes"`
	Days  int   `json:"days"`
}

// Notice is shown to a person; with Acknowledge, nothing is collected of a login before it agreed to this version.
type Notice struct {
	Text        string `json:"text"`
	Purpose     string `json:"purpose,omitempty"`
	Contact     string `json:"contact,omitempty"`
	Version     int    `json:"version"`
	Acknowledge bool   `json:"acknowledge"`
}

// LoginKey is a login's key in the document of its device: lower-case `authority\account`, with an empty authority for
// an account local to the device.
func LoginKey(login stream.Login) string {
	return strings.ToLower(login.Authority + `\` + login.Account)
}

// Encode gives the document's bytes, the same for equal documents, and the revision derived from them: "r-" and 16
// hex digits of their SHA-256.
func (d *Device) Encode() (revision string, document []byte, err error) {
	plain := *d
	plain.Settings.Revision = ""
	document, err = json.Marshal(&plain)
	if err != nil {
		return "", nil, fmt.Errorf("settings: encode: %w", err)
	}
	return Revision(document), document, nil
}

// Revision of a document's bytes.
func Revision(document []byte) string {
	sum := sha256.Sum256(document)
	return "r-" + hex.EncodeToString(sum[:8])
}
