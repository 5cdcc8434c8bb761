package win

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	versionDLL               = windows.NewLazySystemDLL("version.dll")
	getFileVersionInfoSizeEx = versionDLL.NewProc("GetFileVersionInfoSizeExW")
	getFileVersionInfoEx     = versionDLL.NewProc("GetFileVersionInfoExW")
)

// neutral asks for the words in the file itself, not for their translation, so that a program is called the same on
// every computer.
const neutral = 2

// maxVersion bounds the resource that is read; known ones have a few KiB.
const maxVersion = 256 << 10

// Version is what an executable's version resource says of it in words.
type Version struct{ FileDescription, ProductName string }

// VersionOf reads the version resource of a file:
// https://learn.microsoft.com/windows/win32/api/winver/nf-winver-getfileversioninfoexw
func VersionOf(path string) (Version, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return Version{}, err
	}
	var ignored uint32
	size, err := call(getFileVersionInfoSizeEx, neutral, uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&ignored)))
	if err != nil {
		return Version{}, err
	}
	if size > maxVersion {
		return Version{}, fmt.Errorf("version resource of %d bytes: %w", size, windows.ERROR_FILE_TOO_LARGE)
	}
	block := make([]byte, size)
	if _, err := call(getFileVersionInfoEx, neutral, uintptr(unsafe.Pointer(name)), 0, size, uintptr(unsafe.Pointer(&block[0]))); err != nil {
		return Version{}, err
	}
	for _, table := range tables(block) {
		v := Version{
			FileDescription: windows.UTF16ToString(value(block, `\StringFileInfo\`+table+`\FileDescription`)),
			ProductName:     windows.UTF16ToString(value(block, `\StringFileInfo\`+table+`\ProductName`)),
		}
		if v != (Version{}) {
			return v, nil
		}
	}
	return Version{}, nil
}

// tables are where the words may stand: in the languages that the resource says it has, else in English.
func tables(block []byte) []string {
	all := []string{"040904b0", "040904e4", "04090000"}
	if language := value(block, `\VarFileInfo\Translation`); len(language) >= 2 {
		all = append([]string{fmt.Sprintf("%04x%04x", language[0], language[1])}, all...)
	}
	return all
}

// value is what a resource has under a name, and what follows it there; nil where it has nothing.
func value(block []byte, name string) []uint16 {
	var at unsafe.Pointer
	var size uint32
	if windows.VerQueryValue(unsafe.Pointer(&block[0]), name, unsafe.Pointer(&at), &size) != nil || size == 0 {
		return nil
	}
	// It points into the block.
	begin := uintptr(at) - uintptr(unsafe.Pointer(&block[0]))
	if begin >= uintptr(len(block)) {
		return nil
	}
	return unsafe.Slice((*uint16)(unsafe.Pointer(&block[begin])), (uintptr(len(block))-begin)/2)
}
