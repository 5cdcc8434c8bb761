package registrytest

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

func device(n int) collector.Device {
	key := sha256.Sum256(fmt.Append(nil, "key", n))
	return collector.Device{ID: fmt.Sprintf("d-%016x", n), PublicKey: key[:], Name: fmt.Sprint("PC-", n), OS: "linux"}
}

func addDevice(t *testing.T, r collector.Registry, n int) collector.Device {
	t.Helper()
	d := device(n)
	check(t, r.AddDevice(t.Context(), d))
	return d
}

func link(id string, devices, perMinute int) collector.Link {
	return collector.Link{
		ID: id, OS: "linux", CreatedAt: noon, ExpiresAt: noon.Add(72 * time.Hour), CreatedBy: "ada@example.com",
		MaxDevices: devices, MaxPerMinute: perMinute,
	}
}

func secretHash(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

func enrolment(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	check(t, r.CreateLink(ctx, link("l-1", 2, 100), secretHash("one")))
	refused(t, r.CreateLink(ctx, link("l-1", 2, 100), secretHash("two")), collector.Conflict)
	refused(t, r.CreateLink(ctx, link("l-2", 2, 100), secretHash("one")), collector.Conflict)
	refused(t, r.Enroll(ctx, secretHash("wrong"), device(1), noon), collector.BadSecret)
	check(t, r.Enroll(ctx, secretHash("one"), device(1), noon))
	refused(t, r.Enroll(ctx, secretHash("one"), device(1), noon), collector.Conflict)
	got := must[collector.Device](t)(r.Device(ctx, device(1).ID))
	equal(t, "link", got.LinkID, "l-1")
	equal(t, "enrolled", got.EnrolledAt, noon)
	refused(t, r.Enroll(ctx, secretHash("one"), device(2), noon.Add(72*time.Hour)), collector.Expired)
	check(t, r.Enroll(ctx, secretHash("one"), device(2), noon.Add(72*time.Hour-time.Millisecond)))
	refused(t, r.Enroll(ctx, secretHash("one"), device(3), noon), collector.UsedUp)
	refused(t, errOf(r.Device(ctx, device(3).ID)), collector.NotFound)
	equal(t, "devices", must[[]collector.Link](t)(r.Links(ctx))[0].Devices, 2)

	check(t, r.CreateLink(ctx, link("l-3", 2, 100), secretHash("three")))
	check(t, r.RevokeLink(ctx, "l-3", noon))
	refused(t, r.Enroll(ctx, secretHash("three"), device(3), noon), collector.Revoked)
}

// downloads are found by the address, and each enrols by a secret of its own, as long and as often as the link.
func downloads(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	l := link("l-1", 2, 100)
	l.AddressHash = secretHash("address")
	check(t, r.CreateLink(ctx, l, secretHash("own")))
	other := link("l-2", 2, 100)
	other.AddressHash = l.AddressHash
	refused(t, r.CreateLink(ctx, other, secretHash("other")), collector.Conflict)
	check(t, r.CreateLink(ctx, link("l-3", 2, 100), secretHash("three")))
	check(t, r.CreateLink(ctx, link("l-4", 2, 100), secretHash("four")))
	refused(t, errOf(r.LinkByAddress(ctx, secretHash("wrong"))), collector.NotFound)
	refused(t, errOf(r.LinkByAddress(ctx, [32]byte{})), collector.NotFound)
	equal(t, "never used", must[collector.Link](t)(r.LinkByAddress(ctx, l.AddressHash)).UsedAt.IsZero(), true)

	check(t, r.AddDownload(ctx, "l-1", secretHash("first"), noon.Add(time.Hour)))
	check(t, r.AddDownload(ctx, "l-1", secretHash("second"), noon.Add(time.Minute)))
	refused(t, r.AddDownload(ctx, "l-0", secretHash("third"), noon), collector.NotFound)
	refused(t, r.AddDownload(ctx, "l-1", secretHash("third"), l.ExpiresAt), collector.Expired)
	refused(t, r.Enroll(ctx, secretHash("address"), device(1), noon), collector.BadSecret)
	refused(t, r.Enroll(ctx, secretHash("third"), device(1), noon), collector.BadSecret)
	refused(t, r.Enroll(ctx, secretHash("first"), device(1), l.ExpiresAt), collector.Expired)
	check(t, r.Enroll(ctx, secretHash("first"), device(1), noon.Add(2*time.Hour)))
	got := must[collector.Link](t)(r.LinkByAddress(ctx, l.AddressHash))
	equal(t, "downloads", got.Downloads, 2)
	equal(t, "used", got.UsedAt, noon.Add(2*time.Hour))
	check(t, r.Enroll(ctx, secretHash("second"), device(2), noon.Add(2*time.Hour)))
	refused(t, r.Enroll(ctx, secretHash("own"), device(3), noon), collector.UsedUp)
	refused(t, r.AddDownload(ctx, "l-1", secretHash("third"), noon), collector.UsedUp)

	for n := range link("l-3", 2, 100).MaxDownloads() {
		check(t, r.AddDownload(ctx, "l-3", secretHash(fmt.Sprint("three ", n)), noon))
	}
	refused(t, r.AddDownload(ctx, "l-3", secretHash("one more"), noon), collector.UsedUp)
	check(t, r.AddDownload(ctx, "l-4", secretHash("child"), noon))
	check(t, r.RevokeLink(ctx, "l-4", noon))
	refused(t, r.AddDownload(ctx, "l-4", secretHash("another"), noon), collector.Revoked)
	refused(t, r.Enroll(ctx, secretHash("child"), device(4), noon), collector.Revoked)
}

func enrolmentRate(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	check(t, r.CreateLink(ctx, link("l-1", 500, 0), secretHash("one")))
	check(t, r.CreateLink(ctx, link("l-2", 500, 0), secretHash("two")))
	for n := range collector.DefaultMaxPerMinute {
		check(t, r.Enroll(ctx, secretHash("one"), device(n), noon.Add(time.Duration(n)*time.Second)))
	}
	refused(t, r.Enroll(ctx, secretHash("one"), device(100), noon.Add(59*time.Second)), collector.TooMany)
	check(t, r.Enroll(ctx, secretHash("two"), device(200), noon.Add(59*time.Second)))
	check(t, r.Enroll(ctx, secretHash("one"), device(100), noon.Add(60*time.Second)))
}

func enrolmentRace(t *testing.T, r collector.Registry) {
	check(t, r.CreateLink(t.Context(), link("l-1", 5, 100), secretHash("one")))
	var accepted, usedUp sync.Map
	together(20, func(n int) {
		err := r.Enroll(t.Context(), secretHash("one"), device(n), noon)
		switch collector.CodeOf(err) {
		case "":
			accepted.Store(n, true)
		case collector.UsedUp:
			usedUp.Store(n, true)
		default:
			t.Error(err)
		}
	})
	equal(t, "accepted", size(&accepted), 5)
	equal(t, "used up", size(&usedUp), 15)
	equal(t, "devices", len(must[[]collector.Device](t)(r.Devices(t.Context()))), 5)
}

func devices(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	want := collector.Device{
		ID: "d-00000000000000ff", PublicKey: device(255).PublicKey, Name: "PC", OS: "windows", OSVersion: "11", Arch: "amd64",
		AgentVersion: "1.2.3", Hardware: "abc", TimeZone: "Europe/Lisbon", Flags: []string{"cloned", "replaces?"}, EnrolledAt: noon,
	}
	check(t, r.AddDevice(ctx, want))
	refused(t, r.AddDevice(ctx, want), collector.Conflict)
	other := device(1)
	other.ID = want.ID
	refused(t, r.AddDevice(ctx, other), collector.Conflict)
	short := device(2)
	short.PublicKey = short.PublicKey[:31]
	refused(t, r.AddDevice(ctx, short), collector.BadRequest)

	got := must[collector.Device](t)(r.Device(ctx, want.ID))
	equal(t, "device", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want))
	equal(t, "by key", must[collector.Device](t)(r.DeviceByKey(ctx, want.PublicKey)).ID, want.ID)

	check(t, r.FlagDevice(ctx, want.ID, "fork"))
	check(t, r.FlagDevice(ctx, want.ID, "fork"))
	check(t, r.RevokeDevice(ctx, want.ID, noon))
	check(t, r.RevokeDevice(ctx, want.ID, noon.Add(time.Hour)))
	check(t, r.UninstallDevice(ctx, want.ID, noon))
	got = must[collector.Device](t)(r.Device(ctx, want.ID))
	equal(t, "flags", fmt.Sprint(got.Flags), "[cloned fork replaces?]")
	equal(t, "revoked", got.RevokedAt, noon)
	equal(t, "uninstall", got.UninstallAt, noon)
}

func rekey(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	first, second, third := addDevice(t, r, 1), addDevice(t, r, 2), device(3)
	refused(t, r.RekeyDevice(ctx, first.ID, first.PublicKey, second.PublicKey), collector.Conflict)
	refused(t, r.RekeyDevice(ctx, first.ID, second.PublicKey, third.PublicKey), collector.Conflict)
	equal(t, "replaced before", must[bool](t)(r.KeyReplaced(ctx, first.PublicKey)), false)
	check(t, r.RekeyDevice(ctx, first.ID, first.PublicKey, third.PublicKey))
	equal(t, "replaced after", must[bool](t)(r.KeyReplaced(ctx, first.PublicKey)), true)
	refused(t, errOf(r.DeviceByKey(ctx, first.PublicKey)), collector.NotFound)
	equal(t, "by new key", must[collector.Device](t)(r.DeviceByKey(ctx, third.PublicKey)).ID, first.ID)
	refused(t, r.RekeyDevice(ctx, first.ID, first.PublicKey, device(4).PublicKey), collector.Conflict)
	again := device(5)
	again.PublicKey = first.PublicKey
	refused(t, r.AddDevice(ctx, again), collector.Conflict)
}

func contacts(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	first, second := addDevice(t, r, 1), addDevice(t, r, 2)
	check(t, r.Contacts(ctx, nil))
	check(t, r.Contacts(ctx, []collector.Contact{
		{Device: first.ID, At: noon.Add(time.Minute), LastEpisodeAt: noon},
		{Device: "d-unknown", At: noon},
		{
			Device: second.ID, At: noon,
			Facts:  &agentv1.DeviceFacts{Name: "NEW", Os: "macos", OsVersion: "15", AgentVersion: "2", TimeZone: "Asia/Tokyo"},
			Health: &agentv1.Health{BufferedEpisodes: 7, Errors: []string{"buffer: append: disk full"}},
		},
		{Device: first.ID, At: noon},
	}))
	got := must[collector.Device](t)(r.Device(ctx, first.ID))
	equal(t, "newest contact", got.LastContactAt, noon.Add(time.Minute))
	equal(t, "last episode", got.LastEpisodeAt, noon)
	equal(t, "name", got.Name, first.Name)
	got = must[collector.Device](t)(r.Device(ctx, second.ID))
	equal(t, "new name", got.Name+got.OS+got.OSVersion+got.AgentVersion+got.TimeZone, "NEWmacos152Asia/Tokyo")
	equal(t, "no episode", got.LastEpisodeAt, time.Time{})
	equal(t, "health", must[*agentv1.Health](t)(r.Health(ctx, second.ID)).GetBufferedEpisodes(), int64(7))
	equal(t, "no health", proto.Size(must[*agentv1.Health](t)(r.Health(ctx, first.ID))), 0)
}

func links(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	refused(t, r.CreateLink(ctx, link("l-0", 0, 0), secretHash("zero")), collector.BadRequest)
	older, newer := link("l-1", 5, 3), link("l-2", 500, 10)
	newer.CreatedAt, newer.ExpiresAt = noon.Add(time.Hour), noon.Add(2*time.Hour)
	check(t, r.CreateLink(ctx, older, secretHash("one")))
	check(t, r.CreateLink(ctx, newer, secretHash("two")))
	check(t, r.RevokeLink(ctx, "l-1", noon.Add(time.Minute)))
	check(t, r.RevokeLink(ctx, "l-1", noon.Add(time.Hour)))
	older.RevokedAt = noon.Add(time.Minute)
	got := must[[]collector.Link](t)(r.Links(ctx))
	equal(t, "links", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", []collector.Link{newer, older}))
}
