package collector

import (
	"testing"

	"github.com/dayline-project/dayline/shared/stream"
)

func TestADeviceSpeaksForNoOtherDevicesAccounts(t *testing.T) {
	const own, other = "d-0123456789abcdef", "d-fedcba9876543210"
	theirs := LoginKey(other, stream.Login{Account: "ana"})
	for _, authority := range []string{other, "D-FEDCBA9876543210", other + `\`, ""} {
		if key := LoginKey(own, stream.Login{Authority: authority, Account: "ana"}); key == theirs || key != own+`\ana` {
			t.Errorf("authority %q: key %q", authority, key)
		}
	}
	sid := stream.Login{Authority: "S-1-5-21-1", Account: "1001"}
	if a, b := LoginKey(own, sid), LoginKey(other, sid); a != b || a != `s-1-5-21-1\1001` {
		t.Errorf("a directory account is two logins: %q, %q", a, b)
	}
}
