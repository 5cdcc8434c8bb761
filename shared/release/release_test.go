package release

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func manifest(t *testing.T) Manifest {
	t.Helper()
	v, err := ParseVersion("1.2.3-rc.1")
	if err != nil {
		t.Fatal(err)
	}
	m := Manifest{Product: Product, Version: v.String(), IssuedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		MinVersion: "1.1.0", MinOS: map[string]string{Windows: "10.0.17763", MacOS: "13"}}
	for _, p := range [][3]string{{Linux, AMD64, Deb}, {Linux, ARM64, RPM}, {Linux, ARM64, Tar}, {MacOS, Universal, Pkg}, {Windows, AMD64, MSI}} {
		m.Packages = append(m.Packages, Describe(v, p[0], p[1], p[2], 7, sha256.Sum256([]byte(p[2]))))
	}
	return m
}

func TestAManifestIsReadBack(t *testing.T) {
	m := manifest(t)
	text, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := ParseManifest(text)
	if diff := cmp.Diff(m, read); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	if m.Packages[0].Name != "dayline-agent-1.2.3-rc.1-linux-amd64.deb" {
		t.Errorf("it is called %s", m.Packages[0].Name)
	}
	m.Packages[0], m.Packages[4] = m.Packages[4], m.Packages[0]
	if again, err := m.Encode(); err != nil || string(again) != string(text) {
		t.Errorf("in another order it is another: %v", err)
	}
}

func TestAManifestThatIsNoneIsRefused(t *testing.T) {
	for want, spoil := range map[string]func(*Manifest){
		"product: ":                        func(m *Manifest) { m.Product = "dayline" },
		"version ":                         func(m *Manifest) { m.Version = "1.2" },
		"issued: ":                         func(m *Manifest) { m.IssuedAt = time.Time{} },
		"packages: 0":                      func(m *Manifest) { m.Packages = nil },
		"packages: 33":                     func(m *Manifest) { m.Packages = make([]Package, 33) },
		"min_version: version":             func(m *Manifest) { m.MinVersion = "1" },
		"min_version: 1.2.3 is newer than": func(m *Manifest) { m.MinVersion = "1.2.3" },
		"min_os: there is no system":       func(m *Manifest) { m.MinOS = map[string]string{"beos": "5"} },
		"min_os.windows: ":                 func(m *Manifest) { m.MinOS = map[string]string{Windows: "10.0.17763.1.2", MacOS: "12.0"} },
		"packages[0].kind: ":               func(m *Manifest) { m.Packages[0].Kind = MSI },
		"packages[1].arch: ":               func(m *Manifest) { m.Packages[1].Arch = Universal },
		"packages[2].name: ":               func(m *Manifest) { m.Packages[2].Name = "../" + m.Packages[2].Name },
		"packages[3].size: ":               func(m *Manifest) { m.Packages[3].Size = MaxPackageBytes + 1 },
		"packages[4].sha256: ":             func(m *Manifest) { m.Packages[4].SHA256 = strings.ToUpper(m.Packages[4].SHA256) },
		"packages[5].name: ":               func(m *Manifest) { m.Packages = append(m.Packages, m.Packages[0]) },
	} {
		m := manifest(t)
		spoil(&m)
		text, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		// Encode puts the packages in order, which says nothing about which of them is refused.
		part, field, _ := strings.Cut(want, "].")
		if _, err := ParseManifest(text); err == nil || !strings.Contains(err.Error(), part[:min(len(part), len("packages["))]) || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, text := range []string{"", "{", "[]", "null", `{"product":"dayline-agent"} {}`, strings.Repeat(" ", MaxManifestBytes+1)} {
		if _, err := ParseManifest([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), ManifestName+": ") {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func TestVersionsAreCompared(t *testing.T) {
	order := []string{"0.1.0-rc.2", "0.1.0-rc.10", "0.1.0", "0.2.0-alpha"}
	for i, a := range order {
		for j, b := range order {
			v, err := ParseVersion(a)
			w, err2 := ParseVersion(b)
			if err != nil || err2 != nil || (v.Compare(w) < 0) != (i < j) || (v.Compare(w) == 0) != (i == j) {
				t.Errorf("%s and %s: %d", a, b, v.Compare(w))
			}
		}
	}
}
