package health

import "testing"

func TestVersion(t *testing.T) {
	for _, test := range []struct{ platform, number, want string }{
		{"debian", "12.11", "debian 12.11"},
		{"Microsoft Windows 11 Pro", "10.0.22631.3007 Build 22631.3007", "11 Pro 10.0.22631.3007"},
		{"Microsoft Windows Server 2022 Standard", "10.0.20348.1 Build 20348.1", "Server 2022 Standard 10.0.20348.1"},
		{"darwin", "", "darwin"},
	} {
		if got := version(test.platform, test.number); got != test.want {
			t.Errorf("%s, %s is %q, want %q", test.platform, test.number, got, test.want)
		}
	}
}
