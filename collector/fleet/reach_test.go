package fleet

import (
	"testing"

	"google.golang.org/protobuf/proto"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

func TestReach(t *testing.T) {
	browser := func(app, version string, front, address float64) *adminv1.DeviceBrowser {
		return &adminv1.DeviceBrowser{App: app, ExtensionVersion: version, FrontSeconds: front, AddressSeconds: address}
	}
	got := &adminv1.Extension{Reach: Reach([]*adminv1.Device{
		{Browsers: []*adminv1.DeviceBrowser{browser("chromium", "1.2.0", 100, 90), browser("brave", "", 0, 0)}},
		{Browsers: []*adminv1.DeviceBrowser{browser("chromium", "1.3.0", 100, 100)}},
		{Browsers: []*adminv1.DeviceBrowser{browser("chromium", "1.3.0", 10, 10)}},
		{Browsers: []*adminv1.DeviceBrowser{browser("chromium", "", 40, 0)}},
		{Browsers: []*adminv1.DeviceBrowser{browser("chrome", "1.2.0", 10, 10)}, Revoked: true},
		{},
	})}
	want := &adminv1.Extension{Reach: []*adminv1.ExtensionReach{
		{App: "chromium", Devices: 4, Speaking: 3, AddressShare: 0.8, Versions: []*adminv1.ExtensionVersion{{Version: "1.3.0", Devices: 2}, {Version: "1.2.0", Devices: 1}}},
		{App: "brave", Devices: 1},
	}}
	if !proto.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
