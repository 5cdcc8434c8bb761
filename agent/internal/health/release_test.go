package health

import "testing"

func TestRelease(t *testing.T) {
	for _, test := range []struct{ told, debian, want string }{
		{"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n", "12.11\n", "debian 12.11"},
		{"NAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nID=ubuntu\nID_LIKE=debian\n", "trixie/sid\n", "ubuntu 24.04"},
		{"ID='opensuse-leap'\nVERSION_ID='15.6'", "", "opensuse-leap 15.6"},
		{"ID=arch\n", "", "arch"},
		{"", "", ""},
	} {
		if got := version(release(test.told, test.debian)); got != test.want {
			t.Errorf("%q is %q, want %q", test.told, got, test.want)
		}
	}
}

func TestALinuxComputerIsToldFromOthers(t *testing.T) {
	const machine, boot = "0123456789abcdef0123456789abcdef\n", "6B1C2D3E-0000-4000-8000-123456789ABC\n"
	for _, test := range []struct{ product, machine, want string }{
		{"0AB1C2D3-0000-5000-8000-123456789ABC\n", machine, "0ab1c2d3-0000-5000-8000-123456789abc"},
		{"", machine, "01234567-89ab-cdef-0123-456789abcdef"},
		{"\n", "uninitialized\n", "6b1c2d3e-0000-4000-8000-123456789abc"},
	} {
		if got := computerID(test.product, test.machine, boot); got != test.want {
			t.Errorf("%q, %q: %q, want %q", test.product, test.machine, got, test.want)
		}
	}
}
