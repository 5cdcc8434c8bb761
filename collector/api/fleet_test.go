package api

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/api/apitest"
	"github.com/dayline-project/dayline/collector/storetest"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

func TestASilentDeviceShowsWithinElevenMinutes(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	m := a.Request()
	m.Spans = []*agentv1.Span{{Id: []byte("inasessn"), Kind: "session", StartMs: h.now().UnixMilli()}}
	if _, err := a.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	silent := func() bool {
		t.Helper()
		answer, err := h.admin.ListDevices(t.Context(), connect.NewRequest(&adminv1.ListDevicesRequest{}))
		if err != nil || len(answer.Msg.Devices) != 1 {
			t.Fatalf("%v %v", answer, err)
		}
		return answer.Msg.Devices[0].Silent
	}
	if h.later(9 * time.Minute); silent() {
		t.Error("silent after nine minutes")
	}
	if h.later(2 * time.Minute); !silent() {
		t.Error("not silent after eleven minutes")
	}
	if _, err := a.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if silent() {
		t.Error("silent, and it came back")
	}
}

// deviceSaying gives the one device as administrators are told of it after it said this of itself.
func deviceSaying(t *testing.T, h *house, a *apitest.Agent, health *agentv1.Health, spans ...*agentv1.Span) *adminv1.Device {
	t.Helper()
	m := a.Request()
	m.Health, m.Spans = health, spans
	if _, err := a.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	h.agents.contacts.flush(t.Context())
	answer, err := h.admin.ListDevices(t.Context(), connect.NewRequest(&adminv1.ListDevicesRequest{}))
	if err != nil || len(answer.Msg.Devices) != 1 {
		t.Fatalf("%v %v", answer, err)
	}
	return answer.Msg.Devices[0]
}

func TestAMissingPermissionIsTold(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	off := &agentv1.Span{Id: []byte("blindone"), Kind: "blind", Reason: "switched off in Login Items", StartMs: h.now().UnixMilli()}
	device := deviceSaying(t, h, a, &agentv1.Health{MissingPermissions: []string{"accessibility: allow it", "accessibility: allow it"}}, off)
	if fmt.Sprint(device.Limits) != "[missing: accessibility: allow it session: none: switched off in Login Items]" ||
		fmt.Sprint(device.Flags) != "[blind permission]" {
		t.Errorf("%q %v", device.Limits, device.Flags)
	}
	off.EndMs = h.now().UnixMilli()
	if device := deviceSaying(t, h, a, &agentv1.Health{}, off); len(device.Limits)+len(device.Flags) > 0 {
		t.Errorf("granted, and still %q %v", device.Limits, device.Flags)
	}
}

func TestHostileHealthDoesNothing(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	for texts := range slices.Chunk(storetest.Hostile, 20) {
		texts = slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return !utf8.ValidString(text) }) // the contract does not carry it
		health := &agentv1.Health{MissingPermissions: texts, Errors: texts}
		for _, text := range texts {
			health.Capture = append(health.Capture, &agentv1.Capture{Subject: text, Level: text, Reason: text, ExtensionVersion: text})
		}
		device := deviceSaying(t, h, a, health)
		for _, text := range texts {
			text = stream.Printable(text)
			if text != "" && (!slices.Contains(device.Limits, "missing: "+text) || !slices.Contains(device.Errors, text)) {
				t.Errorf("%q is not told", text)
			}
		}
		told := slices.Concat(device.Limits, device.Errors)
		for _, b := range device.Browsers {
			told = append(told, b.App, b.Level, b.Reason, b.ExtensionVersion)
		}
		for _, text := range told {
			if text != stream.Printable(text) {
				t.Errorf("%q would act on a screen", text)
			}
		}
	}
	long := &agentv1.Health{Errors: []string{strings.Repeat("é", maxHealthRunes+1)}}
	for n := range maxHealthTexts + 1 {
		long.MissingPermissions = append(long.MissingPermissions, fmt.Sprint(n))
	}
	if device := deviceSaying(t, h, a, long); len(device.Limits) != maxHealthTexts || utf8.RuneCountInString(device.Errors[0]) != maxHealthRunes {
		t.Errorf("%d limits, an error of %d characters", len(device.Limits), utf8.RuneCountInString(device.Errors[0]))
	}
}

func TestHostileWordsOnUpdatesAreBounded(t *testing.T) {
	hostile := "\x1b[2J\u202e" + strings.Repeat("é", maxHealthRunes+1)
	says := &agentv1.SelfUpdate{Off: hostile, Version: hostile, Step: hostile, Waits: hostile}
	for range maxFailedUpdates + 1 {
		says.Failed = append(says.Failed, &agentv1.FailedUpdate{Version: hostile, Step: hostile, Reason: hostile, AtMs: math.MinInt64, UntilMs: math.MaxInt64})
	}
	kept := keptHealth(&agentv1.Health{Update: says}).Update
	if len(kept.Failed) != maxFailedUpdates {
		t.Errorf("%d failures are kept", len(kept.Failed))
	}
	texts := []string{kept.Off, kept.Version, kept.Step, kept.Waits}
	for _, one := range kept.Failed {
		texts = append(texts, one.Version, one.Step, one.Reason)
		if one.AtMs != 0 || one.UntilMs != maxUpdateMs {
			t.Errorf("from %d until %d", one.AtMs, one.UntilMs)
		}
	}
	for _, text := range texts {
		if text != stream.Printable(text) || utf8.RuneCountInString(text) > maxHealthRunes {
			t.Errorf("%q is kept", text)
		}
	}
}

func TestHostileNumbersOfABrowserAreBounded(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	for name, c := range map[string]struct {
		said *agentv1.Capture
		want string
	}{
		"the least": {&agentv1.Capture{ExtensionMs: math.MinInt64, FrontSeconds: math.MinInt64, AddressSeconds: math.MinInt64}, ` 0 0`},
		"the most": {
			&agentv1.Capture{ExtensionMs: math.MaxInt64, FrontSeconds: math.MaxInt64, AddressSeconds: math.MaxInt64},
			fmt.Sprint(h.now().UTC().Format(time.RFC3339), " ", maxFrontSeconds, " ", maxFrontSeconds),
		},
		"more than there was": {&agentv1.Capture{FrontSeconds: 10, AddressSeconds: 11}, ` 10 10`},
	} {
		c.said.Subject, c.said.Level = "chromium", "full"
		browsers := deviceSaying(t, h, a, &agentv1.Health{Capture: []*agentv1.Capture{c.said}}).Browsers
		if len(browsers) != 1 {
			t.Fatalf("%s: %v", name, browsers)
		}
		if got := fmt.Sprint(browsers[0].LastReport, " ", int64(browsers[0].FrontSeconds), " ", int64(browsers[0].AddressSeconds)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
