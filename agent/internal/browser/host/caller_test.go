package host

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/shared/extension"
)

func TestABrowserIsKnownByItsArguments(t *testing.T) {
	manifest := filepath.Join(t.TempDir(), "org.dayline.host.json")
	for _, args := range [][]string{
		{"chrome-extension://abcdefghijklmnopabcdefghijklmnop/"},
		{"chrome-extension://abcdefghijklmnopabcdefghijklmnop/", "--parent-window=0"},
		{manifest, extension.FirefoxID},
		{manifest, "other@example.com"},
	} {
		if !Called(args) {
			t.Errorf("%q is no browser's call", args)
		}
	}
	for _, args := range [][]string{nil, {"status"}, {"status", "--json"}, {"enroll", "dl1abc"}, {"org.dayline.host.json", extension.FirefoxID}, {manifest}} {
		if Called(args) {
			t.Errorf("%q is a browser's call", args)
		}
	}
}

func TestOnlyOurExtensionIsServed(t *testing.T) {
	if err := Check([]string{"/x.json", extension.FirefoxID}); err != nil {
		t.Error(err)
	}
	if err := Check([]string{"/x.json", "other@example.com"}); !errors.Is(err, ErrForeign) {
		t.Errorf("another's: %v", err)
	}
	const ours = "abcdefghijklmnopabcdefghijklmnop"
	if err := among("chrome-extension://"+ours+"/", "aaaa", ours); err != nil {
		t.Error(err)
	}
	for _, origin := range []string{"chrome-extension://aaaabbbb/", "chrome-extension://", "chrome-extension://" + ours + ".example.com/", "chrome-extension://" + ours + "/x"} {
		if err := among(origin, ours); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %v", origin, err)
		}
	}
	// Tests are built without a key, and such a build believes no browser of Chromium's kind.
	if err := Check([]string{"chrome-extension://" + ours + "/"}); !errors.Is(err, extension.ErrNoKey) {
		t.Errorf("without a key: %v", err)
	}
}

func TestAProcessIsKnownByNameAndParent(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name, parent, err := processOf(os.Getpid())
	// Linux keeps 15 bytes of a name.
	if err != nil || name == "" || parent != os.Getppid() || !strings.HasPrefix(filepath.Base(self), name) {
		t.Errorf("we are %q of %d, %v; want %s of %d", name, parent, err, filepath.Base(self), os.Getppid())
	}
	if _, _, err := processOf(1 << 30); err == nil {
		t.Error("nobody has a name")
	}
}
