package health

import "testing"

func TestVersion(t *testing.T) {
	for _, test := range []struct{ platform, number, want string }{
		{"debian", "12.11", "debian 12.11"},
		{"Microsoft Windows 11 Pro", "10.0.22631.3007 Build 22631.3007", "11 Pro 10.0.22631.3007"},
		{"Microsoft Windows Server 2022 Standard", "10.0.20348.1 Build 20348.1", "Server 2022 Standard 10.0.20348.1"},
	} {
		if got := version(test.platform, test.number); got != test.want {
			t.Errorf("%s, %s is %q, want %q", test.platform, test.number, got, test.want)
		}
	}
}

func TestAMacIsToldFromOthers(t *testing.T) {
	const told = `+-o MacBookPro18,3  <class IOPlatformExpertDevice, id 0x100000221>
    {
      "IOPlatformUUID" = "0AB1C2D3-0000-5000-8000-123456789ABC"
      "IOPlatformSerialNumber" = "C02XXXXXXXXX"
    }
`
	if id := platformID(told); id != "0ab1c2d3-0000-5000-8000-123456789abc" {
		t.Errorf("it is %q", id)
	}
	for _, told := range []string{"", `"IOPlatformUUID" = `, `"IOPlatformUUID" = "0AB`} {
		if id := platformID(told); id != "" {
			t.Errorf("%q is told from others by %q", told, id)
		}
	}
}
