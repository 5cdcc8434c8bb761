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
	"github.com/dayline-project/dayline/shared/stream"
)

// Resolve gives what holds on one device: the account, the overrides that name it or a group it is in (in file order,
// key by key, the later wins), the schedule and do-not-track of each login it asked about, and hashes of the rest of
// the do-not-track list under the device's salt. The account must have passed Check.
func Resolve(account *Account, people *People, subject *Subject, salt []byte) (*Device, error) {
	resolved, err := Explain(account, people, subject, salt)
	if err != nil {
		return nil, err
	}
	return resolved.Document, nil
}

// Explanation is a settings document, and which entries of the files made it so. Entries are named by their place in their
// list, from 0; -1 where none decided.
type Explanation struct {
	Document *Device
	// Rules that hold on the device.
	Rules Rules
	// Overrides whose values hold, by key ("passive.start"); what is not there the account's own section says.
	Overrides map[string]int
	// Schedule of the device.
	Schedule Choice
	// Logins by LoginKey, those of the subject.
	Logins map[string]LoginChoice
}

// Choice is a schedule's name, and the entry of schedule.groups that chose it.
type Choice struct {
	Use   string
	Group int
}

// LoginChoice is a login's schedule, and the entry of do_not_track that means it.
type LoginChoice struct {
	Schedule   Choice
	DoNotTrack int
}

// Explain is Resolve, with the reasons.
func Explain(account *Account, people *People, subject *Subject, salt []byte) (*Explanation, error) {
	rules, overrides := account.Rules, map[string]int{}
	for i := range account.Overrides {
		if override := &account.Overrides[i]; people.overrides(override, subject) {
			rules.over(&override.Rules, func(key string) { overrides[key] = i })
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
		Browsers:         Browsers{UnknownPrivate: *rules.Browsers.UnknownPrivate, Accessibility: *rules.Browsers.Accessibility},
		Pause:            *rules.Privacy.Pause,
		DoNotTrackSalt:   hex.EncodeToString(salt),
		DoNotTrackHashes: people.hashes(salt),
		Agents: Agents{
			SyncEvery: *rules.Agents.SyncEvery,
			Buffer:    Buffer{Bytes: int64(*rules.Agents.Buffer.Size), Days: *rules.Agents.Buffer.Days},
			Records:   stream.RecordVersion,
		},
		Notice: rules.Notice,
	}
	why := &Explanation{
		Document: device, Rules: rules, Overrides: overrides, Schedule: account.Schedule.choose(deviceFits), Logins: map[string]LoginChoice{},
	}
	device.Settings.Schedule = schedules[why.Schedule.Use]
	if rules.Notice != nil && rules.Notice.Acknowledge {
		device.Requires = append(device.Requires, FeatureNotice)
	}
	if len(subject.Logins) > 0 {
		device.Logins = map[string]Login{}
	}
	for _, login := range subject.Logins {
		choice := LoginChoice{DoNotTrack: people.untracked(subject, login.Login), Schedule: account.Schedule.choose(func(group string) bool {
			return deviceFits(group) || people.loginIn(group, subject, login)
		})}
		key := LoginKey(login.Login)
		why.Logins[key] = choice
		device.Logins[key] = Login{Tracked: choice.DoNotTrack < 0, Schedule: schedules[choice.Schedule.Use]}
	}
	return why, nil
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

// choose gives the schedule of the first group that fits, else the default.
func (u *ScheduleUse) choose(fits func(group string) bool) Choice {
	for i, g := range u.Groups {
		if fits(g.Group) {
			return Choice{Use: g.Use, Group: i}
		}
	}
	return Choice{Use: u.Default, Group: -1}
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
