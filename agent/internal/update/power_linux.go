package update

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// supplies are the kernel's (https://docs.kernel.org/power/power_supply_class.html).
const supplies = "/sys/class/power_supply"

// askPower asks the kernel; where it tells nothing there is no battery.
func askPower() power { return powerIn(supplies) }

func powerIn(folder string) power {
	found, _ := filepath.Glob(filepath.Join(folder, "*"))
	least := power{percent: 100}
	for _, supply := range found {
		told := func(name string) string {
			text, _ := os.ReadFile(filepath.Join(supply, name))
			return strings.TrimSpace(string(text))
		}
		// A mouse's battery has the scope Device.
		if told("type") != "Battery" || told("scope") == "Device" {
			continue
		}
		percent, err := strconv.Atoi(told("capacity"))
		if err == nil && told("status") == "Discharging" {
			least = power{battery: true, percent: min(percent, least.percent)}
		}
	}
	return least
}
