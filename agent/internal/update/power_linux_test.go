package update

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPowerAsTheKernelTells(t *testing.T) {
	type supply map[string]string
	for _, test := range []struct {
		name     string
		supplies map[string]supply
		want     power
	}{
		{"a desktop", nil, power{percent: 100}},
		{"plugged in", map[string]supply{"AC": {"type": "Mains", "online": "1"}, "BAT0": {"type": "Battery", "status": "Charging", "capacity": "7"}}, power{percent: 100}},
		{"on battery", map[string]supply{"BAT0": {"type": "Battery", "status": "Discharging", "capacity": "29"}}, power{true, 29}},
		{"on the second", map[string]supply{"BAT0": {"type": "Battery", "status": "Unknown", "capacity": "3"}, "BAT1": {"type": "Battery", "status": "Discharging", "capacity": "80"}}, power{true, 80}},
		{"a mouse", map[string]supply{"hidpp_battery_0": {"type": "Battery", "scope": "Device", "status": "Discharging", "capacity": "5"}}, power{percent: 100}},
		{"told badly", map[string]supply{"BAT0": {"type": "Battery", "status": "Discharging", "capacity": "some"}}, power{percent: 100}},
	} {
		folder := t.TempDir()
		for name, told := range test.supplies {
			for key, value := range told {
				at := filepath.Join(folder, name, key)
				if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(at, []byte(value+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := powerIn(folder); got != test.want {
			t.Errorf("%s: %+v", test.name, got)
		}
	}
	if (power{true, 30}).suffices() != nil || (power{true, 29}).suffices() == nil || (power{false, 1}).suffices() != nil {
		t.Error("30 % on battery is where it ends")
	}
}
