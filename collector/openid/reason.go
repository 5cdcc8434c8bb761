package openid

import "errors"

// reason is why nobody was let in: a word that the sign-in page has a sentence for.
type reason string

const (
	// noProvider: none is configured.
	noProvider reason = "no_provider"
	// unreachable: the provider does not answer.
	unreachable reason = "unreachable"
	// late: it took too long, or the way back was taken before.
	late reason = "late"
	// otherBrowser: it began in another browser.
	otherBrowser reason = "other_browser"
	// refused: the provider let nobody in, or somebody thought better of it.
	refused reason = "refused"
	// notVouched: what the provider sent is not its word for this visit.
	notVouched reason = "not_vouched"
	// unverified: the provider does not vouch for the e-mail address.
	unverified reason = "unverified"
	// unknownPerson: nobody here has the e-mail address.
	unknownPerson reason = "unknown"
	// busy: too many at once, or too many failures.
	busy reason = "busy"
	// failed: the collector's own fault, which its log tells.
	failed reason = "failed"
)

// failure is an error with the reason that people are told.
type failure struct {
	reason reason
	err    error
}

// Error of error.
func (f failure) Error() string { return f.err.Error() }

// Unwrap gives the error itself.
func (f failure) Unwrap() error { return f.err }

func because(why reason, err error) error { return failure{why, err} }

func reasonOf(err error) reason {
	var f failure
	if errors.As(err, &f) {
		return f.reason
	}
	return failed
}
