package session

import (
	"testing"

	"github.com/dayline-project/dayline/shared/stream"
)

func TestAnAccountIsKnownByItsSID(t *testing.T) {
	const machine = "S-1-5-21-1-2-3"
	for _, test := range []struct {
		sid, domain, name string
		want              stream.Login
		person            bool
	}{
		{"S-1-5-21-1-2-3-1001", "PC", "anna", stream.Login{Account: "anna", Name: `PC\anna`}, true},
		// A domain that is called as the computer is not the computer.
		{"S-1-5-21-9-2-3-1001", "PC", "anna", stream.Login{Authority: "S-1-5-21-9-2-3", Account: "1001", Name: `PC\anna`}, true},
		{"S-1-5-21-1-2-33-1001", "CORP", "anna", stream.Login{Authority: "S-1-5-21-1-2-33", Account: "1001", Name: `CORP\anna`}, true},
		{"S-1-12-1-11-22-33-44", "AzureAD", "AnnaK", stream.Login{Authority: "S-1-12-1", Account: "11-22-33-44", Name: `AzureAD\AnnaK`}, true},
		{"S-1-5-18", "NT AUTHORITY", "SYSTEM", stream.Login{Authority: "S-1-5", Account: "18", Name: `NT AUTHORITY\SYSTEM`}, false},
		{"S-1-5-90-0-1", "Window Manager", "DWM-1", stream.Login{Authority: "S-1-5-90-0", Account: "1", Name: `Window Manager\DWM-1`}, false},
		{"S-1-5-96-0-1", "Font Driver Host", "UMFD-1", stream.Login{Authority: "S-1-5-96-0", Account: "1", Name: `Font Driver Host\UMFD-1`}, false},
		{"S-1-5-80-1-2-3-4-5", "NT SERVICE", "x", stream.Login{Authority: "S-1-5-80-1-2-3-4", Account: "5", Name: `NT SERVICE\x`}, false},
		{"", "", "", stream.Login{Name: `\`}, false},
	} {
		if got := sidLogin(test.sid, machine, test.domain, test.name); got != test.want {
			t.Errorf("%s is %+v, want %+v", test.sid, got, test.want)
		}
		if ofPerson(test.sid) != test.person {
			t.Errorf("%s: a person's: %v", test.sid, !test.person)
		}
	}
}
