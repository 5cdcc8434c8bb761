//go:build !linux && !windows

package observe

// What lacks, in the words of this system.
const (
	noDisplay  = "the window in front is not known on this system"
	noIdle     = "the time of the last input is not known on this system"
	noLock     = "locks are not seen on this system, and sleep only afterwards"
	saversOnly = noLock
)
