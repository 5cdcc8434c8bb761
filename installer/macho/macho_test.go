package macho

import (
	"bytes"
	"debug/macho"
	"strings"
	"testing"
	"time"

	other "github.com/blacktop/go-macho"
	"github.com/sassoftware/relic/v7/lib/fruit/machos"

	"github.com/dayline-project/dayline/shared/codesign"
	"github.com/dayline-project/dayline/shared/codesign/codesigntest"
)

const identifier = "org.dayline.agent"

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var information, resources = []byte("information"), []byte("resources")

func seal(t testing.TB, signer *Signer) Seal {
	t.Helper()
	return Seal{Identifier: identifier, InfoPlist: information, Resources: resources, Signer: signer, At: at}
}

// sealed is the program for both processors, signed.
func sealed(t *testing.T, s Seal) []byte {
	t.Helper()
	var thin [][]byte
	for _, arch := range []string{"amd64", "arm64"} {
		signed, err := s.Sign(codesigntest.Program(t, arch))
		if err != nil {
			t.Fatal(err)
		}
		thin = append(thin, signed)
	}
	file, err := Universal(thin...)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTheProgramIsAsAMacWantsIt(t *testing.T) {
	for name, s := range map[string]Seal{"ad hoc": seal(t, nil), "own": seal(t, own(t)), "Developer ID": seal(t, developer(t))} {
		file := sealed(t, s)
		if err := Check(file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		id, err := codesign.Check(file, information, resources)
		if err != nil || id.Identifier != identifier || id.AdHoc != (s.Signer == nil) {
			t.Errorf("%s: %+v, %v", name, id, err)
		}
		if !bytes.Equal(file, sealed(t, s)) {
			t.Errorf("%s: signed twice it is not the same", name)
		}
		again, err := s.Sign(slice(t, file, macho.CpuArm64))
		if err != nil || !bytes.Equal(again, slice(t, file, macho.CpuArm64)) {
			t.Errorf("%s: signing what is signed changes it: %v", name, err)
		}
	}
}

// slice gives the program for a processor as the standard library finds it.
func slice(t *testing.T, file []byte, cpu macho.Cpu) []byte {
	t.Helper()
	fat, err := macho.NewFatFile(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range fat.Arches {
		if arch.Cpu == cpu {
			return file[arch.Offset : arch.Offset+arch.Size]
		}
	}
	t.Fatal("no such processor")
	return nil
}

// go-macho and relic share no code with us.
func TestOthersReadTheSame(t *testing.T) {
	for name, s := range map[string]Seal{"ad hoc": seal(t, nil), "own": seal(t, own(t)), "Developer ID": seal(t, developer(t))} {
		file := sealed(t, s)
		for _, cpu := range []macho.Cpu{macho.CpuAmd64, macho.CpuArm64} {
			thin := slice(t, file, cpu)
			f, err := other.NewFile(bytes.NewReader(thin))
			if err != nil {
				t.Fatal(err)
			}
			read := f.CodeSignature()
			if read == nil || len(read.CodeDirectories) != 1 {
				t.Fatalf("%s: %s: go-macho reads no signature", name, cpu)
			}
			if d := read.CodeDirectories[0]; d.ID != identifier || d.TeamID != s.team() || d.Header.Version != 0x20500 || d.Header.Flags&0x10000 == 0 || d.RuntimeVersion == "" || len(d.SpecialSlots) != specials || d.Header.PageSize != codePageLog2 {
				t.Errorf("%s: %s: go-macho reads %+v", name, cpu, d.Header)
			}
			if s.Signer == nil {
				continue
			}
			if _, err := machos.Verify(bytes.NewReader(thin), information, resources, false); err != nil {
				t.Errorf("%s: %s: relic: %v", name, cpu, err)
			}
			if _, err := machos.Verify(bytes.NewReader(thin), []byte("informatioN"), resources, false); err == nil {
				t.Errorf("%s: %s: relic takes another Info.plist", name, cpu)
			}
		}
	}
}

// A byte anywhere; codesign's own tests change every one of a smaller program.
func TestAByteChangedIsFound(t *testing.T) {
	file := sealed(t, seal(t, own(t)))
	for i := 0; i < len(file); i += 1 + len(file)/150 {
		file[i] ^= 0x10
		if _, err := codesign.Check(file, information, resources); err == nil {
			t.Errorf("byte %#x of %#x may be changed", i, len(file))
		}
		file[i] ^= 0x10
	}
}

// What permissions are given to is the same in every version with a certificate, and another one without.
func TestAnIdentityLasts(t *testing.T) {
	requirement := func(s Seal) string {
		id, err := codesign.Check(sealed(t, s), s.InfoPlist, s.Resources)
		if err != nil {
			t.Fatal(err)
		}
		return id.Requirement
	}
	older, newer := seal(t, own(t)), seal(t, own(t))
	newer.InfoPlist, newer.At = []byte("information of a newer version"), at.AddDate(1, 0, 0)
	if requirement(older) != requirement(newer) {
		t.Error("with a certificate of one's own it is another in the next version")
	}
	older.Signer, newer.Signer = nil, nil
	if requirement(older) == requirement(newer) {
		t.Error("ad hoc it is the same in the next version")
	}
}

func TestWhatNoMacWouldRun(t *testing.T) {
	good := sealed(t, seal(t, nil))
	amd64, arm64 := slice(t, good, macho.CpuAmd64), slice(t, good, macho.CpuArm64)
	joined := func(thin ...[]byte) []byte {
		file, err := Universal(thin...)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	// with changes arm64's program at the first place that reads so.
	with := func(old, new string) []byte {
		if !bytes.Contains(arm64, []byte(old)) {
			t.Fatalf("it has no %q", old)
		}
		return joined(amd64, bytes.Replace(arm64, []byte(old), []byte(new), 1))
	}
	command := func(kind uint32, rest ...uint32) string {
		text := le.AppendUint32(nil, kind)
		for _, v := range rest {
			text = le.AppendUint32(text, v)
		}
		return string(text)
	}
	misaligned := bytes.Clone(good)
	be.PutUint32(misaligned[8+16:], 12)
	for said, file := range map[string][]byte{
		"reading magic number":       nil,
		"not for amd64 and arm64":    joined(arm64, amd64),
		"not begin on a page":        misaligned,
		"not the system's":           with("/usr/lib/libSystem", "/usr/lob/libSystem"),
		"version 13.0":               with(command(buildVersionLC, 24, 1, 12<<16), command(buildVersionLC, 24, 1, 13<<16)),
		"platform 2":                 with(command(buildVersionLC, 24, 1), command(buildVersionLC, 24, 2)),
		"entry point: false":         with(command(mainLC, 24), command(0x7f, 24)),
		"entry point: fals":          with(command(mainLC, 24), command(uint32(macho.LoadCmdUnixThread), 24)),
		"__LINKEDIT does not begin":  with("__LINKEDIT\x00\x00\x00\x00\x00\x00\x00\x00", "__LINKEDIT\x00\x00\x00\x00\x00\x00\x00\x01"),
		"UUID: false":                with(command(uuidLC, 24), command(0x7f, 24)),
		"anywhere in memory":         joined(amd64, patched(arm64, 26, 0)),
		"signature at its end: fals": joined(amd64, append(bytes.Clone(arm64), 0)),
		"signature at its end: fal":  joined(codesigntest.Program(t, "amd64"), arm64),
		"overlaps":                   with("__LINKEDIT\x00\x00\x00\x00\x00\x00"+string(linkeditAt(t, arm64)), "__LINKEDIT\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
	} {
		if err := Check(file); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%q: %v", said, err)
		}
	}
}

func patched(file []byte, at int, value byte) []byte {
	changed := bytes.Clone(file)
	changed[at] = value
	return changed
}

// linkeditAt gives the bytes that tell where __LINKEDIT lies in memory.
func linkeditAt(t *testing.T, thin []byte) []byte {
	t.Helper()
	i := bytes.Index(thin, []byte("__LINKEDIT"))
	return thin[i+16 : i+24]
}

// A load command takes no place that code has.
func TestWithoutRoomItIsNotSigned(t *testing.T) {
	full := bytes.Clone(codesigntest.Program(t, "amd64"))
	text := bytes.Index(full, []byte("__text\x00"))
	le.PutUint32(full[text+48:], headerSize+le.Uint32(full[20:])+8)
	if _, err := seal(t, nil).Sign(full); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Error(err)
	}
}

// The time a signature tells is the commit's, though none before its certificate's.
func TestTheTimeOfASignature(t *testing.T) {
	begins := own(t).chain[0].NotBefore
	for told, wanted := range map[time.Time]time.Time{at: at, begins.Add(-time.Hour): begins} {
		s := seal(t, own(t))
		s.At = told
		signed, err := s.Sign(codesigntest.Program(t, "arm64"))
		if err != nil {
			t.Fatal(err)
		}
		read, err := machos.Verify(bytes.NewReader(signed), information, resources, false)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := read.Signature.SignerInfo.SigningTime(); err != nil || !got.Equal(wanted) {
			t.Errorf("%s, %v, not %s", got, err, wanted)
		}
	}
}

// What is no program of a Mac gets an error, wherever it is cut.
func TestWhatCannotBeSigned(t *testing.T) {
	for name, file := range map[string][]byte{"nothing": nil, "no Mach-O": make([]byte, 100), "a header": codesigntest.Program(t, "amd64")[:32], "half the commands": codesigntest.Program(t, "amd64")[:600]} {
		if _, err := seal(t, nil).Sign(file); err == nil {
			t.Errorf("%s: signed", name)
		}
		if _, err := Universal(file); err == nil && len(file) < 32 {
			t.Errorf("%s: joined", name)
		}
	}
}
