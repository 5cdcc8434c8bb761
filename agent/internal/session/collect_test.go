package session

import (
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/dayline-project/dayline/shared/settings"
	"github.com/dayline-project/dayline/shared/stream"
)

// TestAddressesAreReadOnlyToBeTold: the account allows it, and what would be taken away afterwards is not read at all.
func TestAddressesAreReadOnlyToBeTold(t *testing.T) {
	people := settings.NewPeople(nil, nil, nil)
	for _, test := range []struct {
		name      string
		browsers  settings.BrowserRules
		ceiling   string
		namesOnly bool
		want      bool
	}{
		{name: "by default", want: true},
		{name: "switched off", browsers: settings.BrowserRules{Accessibility: new(false)}},
		{name: "under a ceiling of hosts", ceiling: `{"privacy":{"urls":"host"}}`, want: true},
		{name: "under a ceiling without addresses", ceiling: `{"privacy":{"urls":"none"}}`},
		{name: "names only", namesOnly: true},
	} {
		account := settings.Default()
		if test.browsers.Accessibility != nil {
			account.Browsers.Accessibility = test.browsers.Accessibility
		}
		device, err := settings.Resolve(account, people, &settings.Subject{ID: "d-1"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var ceiling *settings.Ceiling
		if test.ceiling != "" {
			if ceiling, err = settings.ParseCeiling([]byte(test.ceiling)); err != nil {
				t.Fatal(err)
			}
		}
		effective := device.For(stream.Login{Account: "ana"}, nil, ceiling)
		told := &Settings{Collect: true, Accessibility: effective.Accessibility, NamesOnly: test.namesOnly}
		if told.Episode, err = json.Marshal(effective.Settings); err != nil {
			t.Fatal(err)
		}
		h := &Helper{log: slog.New(slog.DiscardHandler)}
		if _, rules, ok := h.read(told); !ok || rules.ReadAddresses != test.want {
			t.Errorf("%s: addresses are read: %t (%t)", test.name, rules.ReadAddresses, ok)
		}
	}
}
