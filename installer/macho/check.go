package macho

import (
	"bytes"
	"debug/macho"
	"errors"
	"fmt"
	"strings"
)

// MinimumMacOS is the oldest macOS that what Go 1.26 links runs on; Info.plist says the same.
const MinimumMacOS = "12.0"

// Load commands that debug/macho gives no names.
const (
	uuidLC         = 0x1b
	buildVersionLC = 0x32
	mainLC         = 0x80000028
	platformMacOS  = 1
)

// Check refuses a program that a Mac would: it has to be universal, for amd64 and arm64 in this order, and each half as
// the kernel and the loader want it, linked to nothing but the system's libraries. Signatures are codesign's to check.
func Check(file []byte) error {
	fat, err := macho.NewFatFile(bytes.NewReader(file))
	if err != nil {
		return fmt.Errorf("macho: %w", err)
	}
	if len(fat.Arches) != 2 || fat.Arches[0].Cpu != macho.CpuAmd64 || fat.Arches[1].Cpu != macho.CpuArm64 {
		return errors.New("macho: it is not for amd64 and arm64")
	}
	for _, arch := range fat.Arches {
		if arch.Align != alignment || arch.Offset%(1<<alignment) != 0 {
			return fmt.Errorf("macho: %s: it does not begin on a page", arch.Cpu)
		}
		if err := checkThin(arch.File, int(arch.Size)); err != nil {
			return fmt.Errorf("macho: %s: %w", arch.Cpu, err)
		}
	}
	return nil
}

func checkThin(f *macho.File, size int) error {
	if f.Type != macho.TypeExec || f.Flags&macho.FlagPIE == 0 {
		return errors.New("it is no program that can lie anywhere in memory")
	}
	libraries, err := f.ImportedLibraries()
	if err != nil {
		return err
	}
	for _, library := range libraries {
		if !strings.HasPrefix(library, "/usr/lib/") && !strings.HasPrefix(library, "/System/Library/") {
			return fmt.Errorf("it needs %s, which is not the system's", library)
		}
	}
	if err := checkCommands(f, size); err != nil {
		return err
	}
	return checkSegments(f, size)
}

func checkCommands(f *macho.File, size int) error {
	platform, entry, named, signed := false, false, false, false
	for i, load := range f.Loads {
		raw := load.Raw()
		switch le.Uint32(raw) {
		case buildVersionLC:
			minimum := le.Uint32(raw[12:])
			if told := fmt.Sprintf("%d.%d", minimum>>16, minimum>>8&0xff); le.Uint32(raw[8:]) != platformMacOS || told != MinimumMacOS {
				return fmt.Errorf("it is for platform %d, version %s", le.Uint32(raw[8:]), told)
			}
			platform = true
		case uuidLC:
			named = true // macOS 26 starts nothing without (https://github.com/golang/go/issues/68678)
		case mainLC:
			entry = true
		case uint32(macho.LoadCmdUnixThread):
			entry = f.Cpu == macho.CpuAmd64 // the kernel starts no other program by it
		case signatureLC:
			signed = i == len(f.Loads)-1 && int(le.Uint32(raw[8:]))%16 == 0 && int(le.Uint32(raw[8:])+le.Uint32(raw[12:])) == size
		}
	}
	if !platform || !entry || !named || !signed {
		return fmt.Errorf("platform told: %t, entry point: %t, UUID: %t, signature at its end: %t", platform, entry, named, signed)
	}
	return nil
}

// checkSegments: each begins on a page and none overlaps the next, or the kernel ends the program as it starts.
func checkSegments(f *macho.File, size int) error {
	page := uint64(1 << alignment)
	if f.Cpu == macho.CpuAmd64 {
		page = 4096
	}
	var last *macho.Segment
	for _, load := range f.Loads {
		s, ok := load.(*macho.Segment)
		if !ok {
			continue
		}
		if s.Addr%page != 0 || s.Offset%page != 0 && s.Filesz != 0 || s.Memsz < s.Filesz {
			return fmt.Errorf("%s does not begin on a page", s.Name)
		}
		if last != nil && s.Addr < last.Addr+last.Memsz {
			return fmt.Errorf("%s overlaps %s", s.Name, last.Name)
		}
		last = s
	}
	if last == nil || last.Name != "__LINKEDIT" || last.Offset+last.Filesz != uint64(size) || last.Memsz%(1<<alignment) != 0 {
		return errors.New("__LINKEDIT does not end it on a page")
	}
	return nil
}
