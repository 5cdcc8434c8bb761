// Package settings holds the account's settings: their types, defaults and allowed ranges, how overrides merge, and
// the document resolved for one device that travels to its agent.
package settings

import (
	"github.com/dayline-project/dayline/shared/episode"
)

// Device is the settings document resolved for one device, as JSON. An agent ignores keys it does not know; what it
// must not ignore is named in Requires.
type Device struct {
	Device string `json:"device"`
	// Requires names features an agent must have; one that lacks any captures application names only.
	Requires []string `json:"requires,omitempty"`
	// Settings hold for every login, save for what Logins says.
	episode.Settings
	Browsers Browsers `json:"browsers"`
	// Pause: may people pause collection?
	Pause bool `json:"pause,omitempty"`
	// Logins that the device asked about, by key (LoginKey).
	Logins map[string]Login `json:"logins,omitempty"`
	// DoNotTrackSalt and DoNotTrackHashes are HMAC-SHA-256 of lower-case `domain\user` and `*\user` (hex), for
	// logins not asked about yet.
	DoNotTrackSalt   string   `json:"do_not_track_salt,omitempty"`
	DoNotTrackHashes []string `json:"do_not_track_hashes,omitempty"`
	Agents           Agents   `json:"agents"`
	Notice           *Notice  `json:"notice,omitempty"`
}

// Login is what holds for one login.
type Login struct {
	Tracked bool `json:"tracked"`
	// Schedule replaces the device's where not nil.
	Schedule episode.Schedule `json:"schedule,omitempty"`
}

// Browsers is about browser windows whose privacy is not known.
type Browsers struct {
	// UnknownPrivate: "blank" or "title".
	UnknownPrivate string `json:"unknown_private"`
}

// Agents is how agents buffer and send.
type Agents struct {
	SyncEvery episode.Duration `json:"sync_every"`
	Buffer    Buffer           `json:"buffer"`
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
