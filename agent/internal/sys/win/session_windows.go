package win

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Sessions are the ids of those that somebody may be logged in to, also while nobody looks at them: not the services'
// own, 0, nor those that wait for somebody.
func Sessions() ([]uint32, error) {
	var first *windows.WTS_SESSION_INFO
	var count uint32
	if err := windows.WTSEnumerateSessions(0, 0, 1, &first, &count); err != nil {
		return nil, os.NewSyscallError("WTSEnumerateSessions", err)
	}
	defer windows.WTSFreeMemory(uintptr(unsafe.Pointer(first)))
	ids := make([]uint32, 0, count)
	for _, session := range unsafe.Slice(first, count) {
		if session.SessionID != 0 && (session.State == windows.WTSActive || session.State == windows.WTSDisconnected) {
			ids = append(ids, session.SessionID)
		}
	}
	return ids, nil
}

// noSession is what WTSGetActiveConsoleSessionId gives while the console is between two sessions.
const noSession = 0xffffffff

// ConsoleSession is the one at the computer's own screen, if any.
func ConsoleSession() (id uint32, ok bool) {
	id = windows.WTSGetActiveConsoleSessionId()
	return id, id != noSession
}

// OwnSession is the one this process is in.
func OwnSession() (uint32, error) {
	var id uint32
	if err := windows.ProcessIdToSessionId(windows.GetCurrentProcessId(), &id); err != nil {
		return 0, os.NewSyscallError("ProcessIdToSessionId", err)
	}
	return id, nil
}

// UserToken is the primary token of who is logged in to a session. It is LocalSystem's alone to ask:
// https://learn.microsoft.com/windows/win32/api/wtsapi32/nf-wtsapi32-wtsqueryusertoken
func UserToken(session uint32) (windows.Token, error) {
	var token windows.Token
	if err := windows.WTSQueryUserToken(session, &token); err != nil {
		return 0, os.NewSyscallError("WTSQueryUserToken", err)
	}
	return token, nil
}

// What WTSQuerySessionInformation is asked for:
// https://learn.microsoft.com/windows/win32/api/wtsapi32/ne-wtsapi32-wts_info_class
const (
	wtsUserName   = 5
	wtsDomainName = 7
)

// SessionAccount is the account of who is logged in to a session, as they logged in; no directory is asked.
func SessionAccount(session uint32) (domain, name string, err error) {
	if domain, err = sessionText(session, wtsDomainName); err == nil {
		name, err = sessionText(session, wtsUserName)
	}
	return domain, name, err
}

func sessionText(session uint32, class uintptr) (string, error) {
	var text *uint16
	var size uint32
	if _, err := call(querySessionInformation, 0, uintptr(session), class, uintptr(unsafe.Pointer(&text)), uintptr(unsafe.Pointer(&size))); err != nil {
		return "", err
	}
	defer windows.WTSFreeMemory(uintptr(unsafe.Pointer(text)))
	return windows.UTF16PtrToString(text), nil
}
