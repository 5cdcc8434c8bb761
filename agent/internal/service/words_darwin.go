package service

// What people are told to do, in their system's words.
const (
	whereProgramsAre = "as root, unpack the bundle into /Library/Dayline, and install from there"
	switchedOff      = "System Settings, General, Login Items, Allow in the Background"
	toBeObserved     = "switch Dayline on in " + switchedOff + "; if it is on, log out and in again"
	whyBlind         = "no helper in the session: it may be switched off in " + switchedOff
	notObserved      = "a session is not observed: its helper may be switched off in " + switchedOff
)
