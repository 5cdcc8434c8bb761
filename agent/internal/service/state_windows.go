package service

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// onlySystem gives SYSTEM and the administrators everything, inherited by what is made inside, and nobody else
// anything: https://learn.microsoft.com/windows/win32/secauthz/ace-strings
const onlySystem = "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"

// ours tells whether the folder is a real one owned by the system or the administrators.
func ours(folder string) (bool, error) {
	info, err := os.Lstat(folder)
	if err != nil {
		return false, err
	}
	if !info.IsDir() {
		return false, nil
	}
	descriptor, err := windows.GetNamedSecurityInfo(folder, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return false, err
	}
	owner, _, err := descriptor.Owner()
	if err != nil {
		return false, err
	}
	return owner.IsWellKnown(windows.WinLocalSystemSid) || owner.IsWellKnown(windows.WinBuiltinAdministratorsSid), nil
}

func makeOurs(folder string) error {
	descriptor, err := windows.SecurityDescriptorFromString(onlySystem)
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return err
	}
	attributes := &windows.SecurityAttributes{SecurityDescriptor: descriptor}
	attributes.Length = uint32(unsafe.Sizeof(*attributes))
	return windows.CreateDirectory(name, attributes)
}
