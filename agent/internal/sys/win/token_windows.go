package win

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// SIDOf gives the account of a token.
func SIDOf(token windows.Token) (string, error) {
	user, err := token.GetTokenUser()
	if err != nil {
		return "", os.NewSyscallError("GetTokenInformation", err)
	}
	return user.User.Sid.String(), nil
}

// OwnSID is the account this process runs as.
func OwnSID() (string, error) { return SIDOf(windows.GetCurrentProcessToken()) }

// elevationFull is TokenElevationTypeFull:
// https://learn.microsoft.com/windows/win32/api/winnt/ne-winnt-token_elevation_type
const elevationFull = 2

// Ordinary gives the token of the same person without an administrator's rights, where the two are apart; else the
// token itself. The one it was given is closed where it gives another.
func Ordinary(token windows.Token) (windows.Token, error) {
	var kind, size uint32
	err := windows.GetTokenInformation(token, windows.TokenElevationType, (*byte)(unsafe.Pointer(&kind)), uint32(unsafe.Sizeof(kind)), &size)
	if err != nil {
		return token, os.NewSyscallError("GetTokenInformation", err)
	}
	if kind != elevationFull {
		return token, nil
	}
	ordinary, err := token.GetLinkedToken()
	if err != nil {
		return token, os.NewSyscallError("GetTokenInformation", err)
	}
	return ordinary, token.Close()
}
