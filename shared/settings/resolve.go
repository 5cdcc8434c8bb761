package settings

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/shared/episode"
)

// Resolve gives what holds on one device: the account, the overrides that name it or a group it is in (in file order,
// key by key, the later wins), the schedule and do-not-track of each login it asked about, and hashes of the rest of
// the do-not-track list under the device's salt. The account must have passed Check.
func Resolve(account *Account, people *People, subject *Subject, salt []byte) (*Device, error) {
	rules := account.Rules
	for i := range account.Overrides {
		if override := &account.Overrides[i]; people.overrides(override, subject) {
			rules.over(&override.Rules)
		}
	}
	schedules, err := account.schedules()
	if err != nil {
		return nil, fmt.Errorf("settings: resolve: %w", err)
	}
	deviceFits := func(group string) bool { return people.deviceIn(group, subject) }
	device := &Device{
		Device:           subject.ID,
		Settings:         rules.timeRules(),
		Browsers:         Browsers{UnknownPrivate: *rules.Browsers.UnknownPrivate},
		Pause:            *rules.Privacy.Pause,
		DoNotTrackSalt:   hex.EncodeToString(salt),
		DoNotTrackHashes: people.hashes(salt),
		Agents: Agents{
			SyncEvery: *rules.Agents.SyncEvery,
			Buffer:    Buffer{Bytes: int64(*rules.Agents.Buffer.Size), Days: *rules.Agents.Buffer.Days},
		},
		Notice: rules.Notice,
	}
	device.Settings.Schedule = schedules[account.Schedule.choose(deviceFits)]
	if rules.Notice != nil && rules.Notice.Acknowledge {
		device.Requires = append(device.Requires, FeatureNotice)
	}
	if len(subject.Logins) > 0 {
		device.Logins = map[string]Login{}
	}
	for _, login := range subject.Logins {
		use := account.Schedule.choose(func(group string) bool {
			return deviceFits(group) || people.loginIn(group, subject, login)
		})
		device.Logins[LoginKey(login.Login)] = Login{Tracked: people.tracked(subject, login.Login), Schedule: schedules[use]}
	}
	return device, nil
}

// Salt derives a device's own salt for the do-not-track hashes, so that the lists of two devices cannot be compared.
func Salt(secret []byte, device string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("dayline do-not-track salt v1\x00" + device))
	return mac.Sum(nil)[:16]
}

func (p *People) overrides(override *Override, subject *Subject) bool {
	return slices.ContainsFunc(override.Devices, func(device string) bool {
		return strings.EqualFold(device, subject.ID) || subject.Name != "" && strings.EqualFold(device, subject.Name)
	}) || slices.ContainsFunc(override.Groups, func(group string) bool { return p.deviceIn(group, subject) })
}

// choose gives the name of the schedule: of the first group that fits, else the default.
func (u *ScheduleUse) choose(fits func(group string) bool) string {
	for _, g := range u.Groups {
		if fits(g.Group) {
			return g.Use
		}
	}
	return u.Default
}

// schedules gives each named schedule resolved; "always" is nil.
func (a *Account) schedules() (map[string]episode.Schedule, error) {
	resolved := map[string]episode.Schedule{"always": nil}
	for name, days := range a.Schedules {
		schedule, err := days.Resolve()
		if err != nil {
			return nil, fmt.Errorf("schedules.%s: %w", name, err)
		}
		resolved[name] = schedule
	}
	return resolved, nil
}

// hashes of the do-not-track list, sorted.
func (p *People) hashes(salt []byte) []string {
	hashes := make([]string, 0, len(p.doNotTrack))
	for _, entry := range p.doNotTrack {
		hashes = append(hashes, hash(salt, cmp.Or(entry.Domain, "*")+`\`+cmp.Or(entry.User, "*")))
	}
	slices.Sort(hashes)
	return slices.Compact(hashes)
}

func hash(salt []byte, name string) string {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(strings.ToLower(name)))
	return hex.EncodeToString(mac.Sum(nil))
}
