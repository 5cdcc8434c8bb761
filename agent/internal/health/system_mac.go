package health

import "strings"

// platformID is what `ioreg -rd1 -c IOPlatformExpertDevice` tells this computer from others by, in small letters; empty
// where it does not.
func platformID(told string) string {
	_, rest, found := strings.Cut(told, `"IOPlatformUUID" = "`)
	id, _, closed := strings.Cut(rest, `"`)
	if !found || !closed {
		return ""
	}
	return strings.ToLower(id)
}
