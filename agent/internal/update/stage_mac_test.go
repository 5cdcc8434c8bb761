//go:build unix

package update

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// archived packs members as a release does.
func archived(t *testing.T, members ...tar.Header) []byte {
	t.Helper()
	var whole bytes.Buffer
	zipped := gzip.NewWriter(&whole)
	archive := tar.NewWriter(zipped)
	for _, m := range members {
		content := bytes.Repeat([]byte("x"), int(min(m.Size, 100)))
		m.Size = int64(len(content))
		if err := archive.WriteHeader(&m); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return whole.Bytes()
}

func TestABundleIsUnpacked(t *testing.T) {
	folder := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755} }
	file := func(name string, mode int64) tar.Header {
		return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: 5}
	}
	to := filepath.Join(t.TempDir(), "staged.app")
	err := unpackBundle(bytes.NewReader(archived(t, folder("Dayline.app/"), folder("Dayline.app/Contents/"), folder("Dayline.app/Contents/MacOS/"),
		file("Dayline.app/Contents/Info.plist", 0o644), file("Dayline.app/Contents/MacOS/dayline-agent", 0o6755))), to)
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"Contents/Info.plist": 0o644, "Contents/MacOS/dayline-agent": 0o755} {
		info, err := os.Stat(filepath.Join(to, name))
		if err != nil || info.Mode() != mode || info.Size() != 5 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	for name, m := range map[string]tar.Header{
		"which is not in Dayline.app/":      file("../evil", 0o755),
		"is not in Dayline.app/":            file("Dayline.app/../../evil", 0o755),
		"is no file and no folder":          {Typeflag: tar.TypeSymlink, Name: "Dayline.app/link", Linkname: "/etc/passwd"},
		"holds \"/etc/evil\", which is not": file("/etc/evil", 0o755),
	} {
		to := filepath.Join(t.TempDir(), "staged.app")
		if err := unpackBundle(bytes.NewReader(archived(t, folder("Dayline.app/"), m)), to); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
	if err := unpackBundle(strings.NewReader("no archive"), filepath.Join(t.TempDir(), "staged.app")); err == nil {
		t.Error("that was no archive")
	}
}

func TestPowerAsPmsetTells(t *testing.T) {
	for told, want := range map[string]power{
		"Now drawing from 'AC Power'\n -InternalBattery-0 (id=4653155)\t12%; charging; 1:02 remaining present: true\n":          {percent: 100},
		"Now drawing from 'Battery Power'\n -InternalBattery-0 (id=4653155)\t12%; discharging; 1:02 remaining present: true\n":  {battery: true, percent: 12},
		"Now drawing from 'Battery Power'\n -InternalBattery-0 (id=22347875)\t100%; discharging; (no estimate) present: true\n": {battery: true, percent: 100},
		"Now drawing from 'Battery Power'\n -InternalBattery-0 (id=22347875)\t9%; discharging; 0:21 remaining present: true\n":  {battery: true, percent: 9},
		"Now drawing from 'AC Power'\n -InternalBattery-0 (id=22347875)\t29%; AC attached; not charging present: true\n":        {percent: 100},
		"Now drawing from 'UPS Power'\n -Back-UPS 650 (id=16777216)\t21%; discharging; 0:12 remaining present: true\n":          {percent: 100},
		"Now drawing from 'AC Power'\n": {percent: 100},
		"":                              {percent: 100},
	} {
		if got := powerToldBy(told); got != want {
			t.Errorf("%q: %+v", told, got)
		}
	}
}
