package observe

// What lacks, in the words of this system.
const (
	noDisplay  = "no X display answers: the window in front is not known"
	noIdle     = "the display tells no idle time: passive time is not known"
	noLock     = "neither logind nor a screen saver answers: locks are not seen, and sleep only afterwards"
	saversOnly = "logind does not answer: only the screen saver tells of locks, and sleep is seen only afterwards"
)
