package service

import (
	"os"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
)

// What the collector has removed is found by the code the package carries.
func TestTheInstallersPackageIsKnown(t *testing.T) {
	raw, err := os.ReadFile("../../../installer/msi/dayline.wxs")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), `UpgradeCode="`+strings.Trim(packages, "{}")+`"`) {
		t.Errorf("the package is not of the family %s", packages)
	}
	if product, err := win.ProductOf("{11111111-2222-3333-4444-555555555555}"); product != "" || err != nil {
		t.Errorf("of a family that nobody has: %q, %v", product, err)
	}
}

// openToOthers lets anybody change a file or folder.
func openToOthers(t *testing.T, path string) (closeAgain func()) {
	set := func(access string) {
		if err := setAccess(path, access); err != nil {
			t.Fatal(err)
		}
	}
	set("D:P(A;;FA;;;WD)")
	return func() { set(onlySystem) }
}
