// Package host is between a browser and the login session it runs in: the native messaging host, which browsers start as a child
// for each extension, and the ear by which a session's helper hears those hosts.
package host

import "errors"

// errOther: another account's process is at the other end.
var errOther = errors.New("host: peer: another account's process")
