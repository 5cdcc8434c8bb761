package enroll

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

// sealer is DPAPI, without a prompt, in the scope of the account that runs this. What an administrator's command seals the
// service's account could not open so: that is sealed for the computer, behind the folder's access list, until the
// service seals it for itself.
// https://learn.microsoft.com/windows/win32/api/dpapi/nf-dpapi-cryptprotectdata
var sealer Sealer = dpapi{}

type dpapi struct{}

func (dpapi) Seal(plain []byte) ([]byte, error) {
	token := windows.GetCurrentProcessToken()
	user, err := token.GetTokenUser()
	if err != nil {
		return nil, fmt.Errorf("enroll: seal: %w", err)
	}
	flags := uint32(windows.CRYPTPROTECT_UI_FORBIDDEN)
	if token.IsElevated() && !user.User.Sid.IsWellKnown(windows.WinLocalSystemSid) {
		flags |= windows.CRYPTPROTECT_LOCAL_MACHINE
	}
	var out windows.DataBlob
	if err := windows.CryptProtectData(blob(plain), nil, nil, 0, nil, flags, &out); err != nil {
		return nil, fmt.Errorf("enroll: seal: %w", err)
	}
	return take(out), nil
}

func (dpapi) Open(sealed []byte) ([]byte, error) {
	var out windows.DataBlob
	if err := windows.CryptUnprotectData(blob(sealed), nil, nil, 0, nil, windows.CRYPTPROTECT_UI_FORBIDDEN, &out); err != nil {
		return nil, fmt.Errorf("enroll: open: %w", err)
	}
	return take(out), nil
}

func blob(data []byte) *windows.DataBlob {
	if len(data) == 0 {
		return &windows.DataBlob{}
	}
	return &windows.DataBlob{Size: uint32(len(data)), Data: &data[0]}
}

// take copies what the system allocated and gives that back.
func take(out windows.DataBlob) []byte {
	defer windows.LocalFree(windows.Handle(unsafe.Pointer(out.Data)))
	return append([]byte(nil), unsafe.Slice(out.Data, out.Size)...)
}
