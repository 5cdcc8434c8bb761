package exe

import (
	"bytes"
	"debug/pe"
	"encoding/xml"
	"testing"
	"time"

	"github.com/tc-hib/winres"
	"github.com/tc-hib/winres/version"

	"github.com/dayline-project/dayline/installer/product"
	"github.com/dayline-project/dayline/shared/release"
)

func agent(t *testing.T, text, arch string) Agent {
	t.Helper()
	v, err := release.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return Agent{Version: v, Built: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Arch: arch}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	for arch, machine := range map[string]uint16{"amd64": pe.IMAGE_FILE_MACHINE_AMD64, "arm64": pe.IMAGE_FILE_MACHINE_ARM64} {
		t.Run(arch, func(t *testing.T) {
			t.Parallel()
			first, err := agent(t, "1.2.3-rc.4", arch).Build(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			file, err := pe.NewFile(bytes.NewReader(first))
			if err != nil {
				t.Fatal(err)
			}
			if file.Machine != machine || file.OptionalHeader.(*pe.OptionalHeader64).CheckSum == 0 {
				t.Errorf("made for machine %#x, with checksum %#x", file.Machine, file.OptionalHeader.(*pe.OptionalHeader64).CheckSum)
			}
			if !bytes.Contains(first, []byte("1.2.3-rc.4")) || !bytes.Contains(first, []byte("2026-03-01T12:00:00Z")) {
				t.Error("it does not know its version or its time")
			}
			check(t, first)
		})
	}
}

func check(t *testing.T, executable []byte) {
	t.Helper()
	resources, err := winres.LoadFromEXE(bytes.NewReader(executable))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resources.GetIcon(winres.ID(1)); err != nil {
		t.Error(err)
	}
	var read struct{ XMLName xml.Name }
	if err := xml.Unmarshal(resources.Get(winres.RT_MANIFEST, winres.ID(1), version.LangNeutral), &read); err != nil || read.XMLName.Local != "assembly" {
		t.Errorf("manifest %v, %v", read, err)
	}
	info, err := version.FromBytes(resources.Get(winres.RT_VERSION, winres.ID(1), version.LangDefault))
	if err != nil {
		t.Fatal(err)
	}
	if info.FileVersion != [4]uint16{1, 2, 3, 40_005} || info.ProductVersion != info.FileVersion || !info.Flags.Prerelease {
		t.Errorf("version %+v", info)
	}
	texts, err := info.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"Dayline agent", `"Dayline"`, product.Publisher, Name, "1.2.3.40005", "1.2.3-rc.4"} {
		if !bytes.Contains(texts, []byte(text)) {
			t.Errorf("no %s in %s", text, texts)
		}
	}
}

func TestABuildThatFailsSaysWhy(t *testing.T) {
	if _, err := agent(t, "1.2.3", "mips").Build(t.Context()); err == nil || !bytes.Contains([]byte(err.Error()), []byte("mips")) {
		t.Errorf("told %v", err)
	}
}
