// Package health gathers facts about the device and about ourselves.
package health

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/dayline-project/dayline/shared/buildinfo"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// Facts about the device. What the system does not tell stays empty; nothing here is an identity.
func Facts() *agentv1.DeviceFacts {
	facts := &agentv1.DeviceFacts{
		Os: OS(), Arch: runtime.GOARCH, AgentVersion: buildinfo.Version, TimeZone: Zone(),
	}
	facts.Name, _ = os.Hostname()
	id := ""
	if facts.OsVersion, id = system(); id != "" {
		sum := sha256.Sum256([]byte("dayline hardware v1\n" + id))
		facts.Hardware = hex.EncodeToString(sum[:16])
	}
	return facts
}

// version is a system's as people say it after its name: "debian 12.11", "11 Pro 10.0.22631.3007". Windows tells its own
// name before it, and its build once more behind.
func version(platform, number string) string {
	platform = strings.TrimPrefix(strings.TrimPrefix(platform, "Microsoft "), "Windows ")
	number, _, _ = strings.Cut(number, " Build ")
	return strings.TrimSpace(platform + " " + number)
}

// Zone is the computer's: its IANA name where the system tells it, else how far ahead it is now.
func Zone() string {
	if name := time.Local.String(); name != "Local" && name != "" {
		return name
	}
	if name := localZone(); name != "" {
		return name
	}
	return time.Now().Format("-07:00")
}
