package studio

import (
	"encoding/json"
	"fmt"
	"os/exec"

	"github.com/dayline-project/dayline/test/rig"
)

// Told is what a program needs to know to use a collector's pages, as JSON: web (by host name, since passkeys belong to one),
// the password of all users, users by role, config (the folder of the files), chromium (the browser's program).
func Told(c *rig.Collector, users map[string]string) (string, error) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		return "", fmt.Errorf("studio: %w", err)
	}
	text, err := json.Marshal(map[string]any{
		"web": c.Pages(), "password": Password, "users": users, "config": c.Config, "chromium": chromium,
	})
	return string(text), err
}
