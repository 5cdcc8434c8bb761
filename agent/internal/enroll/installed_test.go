package enroll

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/shared/token"
)

// Windows keeps packages where anybody may read them: what one carried is gone once the device is enrolled, and nothing else.
func TestAnInstalledPackageIsLeftWithoutItsString(t *testing.T) {
	plain := []byte("begin" + string(token.Reservation()) + "between---BEGIN_BLOB---" + strings.Repeat("\x00", 993) + "---END_BLOB---end")
	text := token.Token{Addresses: []string{"collector.example:8443"}, Trust: token.TrustSystem, Secret: token.NewSecret()}.Encode()
	path := filepath.Join(t.TempDir(), "package.msi")
	at := func() (string, error) { return path, nil }
	for _, room := range []int{0, 1} {
		found, err := token.FindReserved(bytes.NewReader(plain))
		if err != nil || len(found) != 2 {
			t.Fatal(found, err)
		}
		written := bytes.Clone(plain)
		copy(written[found[room].At:], text)
		if err := os.WriteFile(path, written, 0o600); err != nil {
			t.Fatal(err)
		}
		if read, err := ReadPackage(path); read != text {
			t.Fatalf("it carries %q, %v", read, err)
		}
		carrier := Installed(at)
		if _, err := carrier.Find(); err == nil {
			t.Error("what the installer had kept is found twice")
		}
		if err := carrier.Remove(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, plain) {
			t.Errorf("room %d: %v, or it is another package", room, err)
		}
	}
	for name, at := range map[string]func() (string, error){
		"no package":       func() (string, error) { return "", nil },
		"one that is gone": func() (string, error) { return path + "x", nil },
	} {
		if err := Installed(at).Remove(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	damaged := func() (string, error) { return "", os.ErrInvalid }
	if err := Installed(damaged).Remove(); err == nil {
		t.Error("that it could not be found is not told")
	}
}
