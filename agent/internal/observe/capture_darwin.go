package observe

// What lacks, in the words of this system.
const (
	noDisplay  = "macOS does not tell which application is in front: it is not known"
	noIdle     = "macOS does not tell when the last input was: passive time is not known"
	noLock     = "macOS tells nothing of this session: locks are not seen, and sleep only afterwards"
	saversOnly = noLock
)
