package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"unsafe"

	"golang.org/x/sys/windows"
)

// StandingOf tells whose a file or folder is. A link of any kind is not followed: one handle answers everything. What
// does not let us look at it is another's.
func StandingOf(path string) (Standing, error) {
	a, err := accessOf(path)
	if errors.Is(err, fs.ErrPermission) {
		return Foreign, nil
	}
	if err != nil {
		return Foreign, fmt.Errorf("disk: standing: %s: %w", path, err)
	}
	user, owns, err := account()
	if err != nil {
		return Foreign, fmt.Errorf("disk: standing: %w", err)
	}
	return a.standing(user, owns), nil
}

func accessOf(path string) (access, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return access{}, err
	}
	handle, err := windows.CreateFile(name, windows.READ_CONTROL|windows.FILE_READ_ATTRIBUTES,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_BACKUP_SEMANTICS|windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	if err != nil {
		return access{}, err
	}
	defer windows.CloseHandle(handle)
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(handle, &info); err != nil {
		return access{}, err
	}
	descriptor, err := windows.GetSecurityInfo(handle, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return access{}, err
	}
	owner, _, err := descriptor.Owner()
	if err != nil {
		return access{}, err
	}
	list, _, err := descriptor.DACL()
	if err != nil {
		return access{}, err
	}
	writers, err := writersIn(list)
	return access{link: info.FileAttributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0, owner: owner.String(), writers: writers}, err
}

// changes are the rights by which a file or folder, what is in it or its access list is changed:
// https://learn.microsoft.com/windows/win32/fileio/file-access-rights-constants
const changes = windows.FILE_WRITE_DATA | windows.FILE_APPEND_DATA | windows.FILE_WRITE_EA | windows.FILE_WRITE_ATTRIBUTES |
	fileDeleteChild | windows.DELETE | windows.WRITE_DAC | windows.WRITE_OWNER | windows.GENERIC_WRITE | windows.GENERIC_ALL

const fileDeleteChild = 0x40

// anybody stands for those whom an entry of a kind not known here grants something, or a list that is missing.
const anybody = "anybody"

func writersIn(list *windows.ACL) ([]string, error) {
	if list == nil {
		return []string{anybody}, nil
	}
	var writers []string
	for i := range uint32(list.AceCount) {
		var entry *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, i, &entry); err != nil {
			return nil, err
		}
		switch {
		case entry.Header.AceType == windows.ACCESS_DENIED_ACE_TYPE:
		case entry.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE:
			writers = append(writers, anybody)
		case entry.Mask&changes != 0:
			writers = append(writers, (*windows.SID)(unsafe.Pointer(&entry.SidStart)).String())
		}
	}
	return writers, nil
}

// account is who runs this, and who owns what it makes.
func account() (user, owns string, err error) {
	token := windows.GetCurrentProcessToken()
	who, err := token.GetTokenUser()
	if err != nil {
		return "", "", err
	}
	var size uint32
	if err := windows.GetTokenInformation(token, windows.TokenOwner, nil, 0, &size); err != windows.ERROR_INSUFFICIENT_BUFFER {
		return "", "", err
	}
	// TOKEN_OWNER is a pointer to the SID that follows it.
	buffer := make([]byte, size)
	if err := windows.GetTokenInformation(token, windows.TokenOwner, &buffer[0], size, &size); err != nil {
		return "", "", err
	}
	return who.User.Sid.String(), (*(**windows.SID)(unsafe.Pointer(&buffer[0]))).String(), nil
}
