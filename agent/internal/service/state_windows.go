package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/shared/disk"
)

// onlySystem gives SYSTEM and the administrators everything, inherited by what is made inside, and nobody else
// anything: https://learn.microsoft.com/windows/win32/secauthz/ace-strings
const onlySystem = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"

// makeParent makes what holds the state folder. In ProgramData anybody may make folders, and who owns one may exchange
// what is in it: so ours has to be the system's too. One that an administrator made, with the access that folders have
// there by themselves, is closed to others and keeps what is in it, which is judged file by file: a ceiling, say.
func makeParent(folder string) (movedTo string, err error) {
	parent := filepath.Dir(folder)
	exposed, err := inProgramData(parent)
	if err != nil {
		return "", err
	}
	if !exposed {
		return "", os.MkdirAll(parent, 0o700)
	}
	standing, err := disk.StandingOf(parent)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", makeSystems(parent)
	case err != nil || standing == disk.Guarded:
		return "", err
	case standing == disk.Open:
		return "", setAccess(parent, onlySystem)
	}
	if movedTo, err = moveAside(parent); err != nil {
		return "", err
	}
	return movedTo, makeSystems(parent)
}

func inProgramData(folder string) (bool, error) {
	shared, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, windows.KF_FLAG_DEFAULT)
	return strings.EqualFold(filepath.Dir(folder), shared), err
}

// removeParent removes what held the state folder, where it is ours and nothing else is left in it: a ceiling is the
// administrator's.
func removeParent(folder string) {
	parent := filepath.Dir(folder)
	if ours, err := inProgramData(parent); err == nil && ours {
		_ = os.Remove(parent)
	}
}

// makeSystems makes the folder with its final access list in the creating call. Only who has an administrator's rights in
// force can give something to the administrators.
func makeSystems(folder string) error {
	err := createFolder(folder, "O:BA"+onlySystem)
	if errors.Is(err, windows.ERROR_INVALID_OWNER) {
		return fmt.Errorf("%w: %w", fs.ErrPermission, err)
	}
	return err
}

// makeOurs is makeSystems, or, for somebody without those rights who tries the agent out in a folder elsewhere, makes it
// that person's, who is let in too.
func makeOurs(folder string) error {
	err := makeSystems(folder)
	if !errors.Is(err, windows.ERROR_INVALID_OWNER) {
		return err
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return err
	}
	return createFolder(folder, onlySystem+"(A;OICI;FA;;;"+user.User.Sid.String()+")")
}

func createFolder(folder, access string) error {
	name, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return err
	}
	descriptor, err := windows.SecurityDescriptorFromString(access)
	if err != nil {
		return err
	}
	attributes := &windows.SecurityAttributes{SecurityDescriptor: descriptor}
	attributes.Length = uint32(unsafe.Sizeof(*attributes))
	return windows.CreateDirectory(name, attributes)
}

// setAccess puts this access list in place of the one that is there, and of what would be inherited.
func setAccess(path, access string) error {
	descriptor, err := windows.SecurityDescriptorFromString(access)
	if err != nil {
		return err
	}
	list, _, err := descriptor.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, list, nil)
}
