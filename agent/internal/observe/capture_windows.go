package observe

// What lacks, in the words of this system.
const (
	noDisplay  = "Windows does not tell of changes of the window in front: it is not known"
	noIdle     = "Windows does not tell when the last input was: passive time is not known"
	noLock     = "Windows sends no notices of this session: locks are not seen, and sleep only afterwards"
	saversOnly = noLock
)
