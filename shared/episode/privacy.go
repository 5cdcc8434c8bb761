package episode

// Focus is the window in front as observed: nothing is taken from it yet.
type Focus struct {
	App, Title, URL string
	Private         bool
}

// Rules are Settings made ready for use: patterns, schedule and names compiled. They hold no reference to the Settings.
type Rules struct{}

// Compile makes settings ready for use. It never fails, it forbids instead: patterns that do not compile, or exceed
// their bounds, empty every title and leave of an address its site; a schedule that does not read is never.
func (s *Settings) Compile() *Rules { return &Rules{} }

// Reduce applies the privacy settings to a focus (rule 12).
func (r *Rules) Reduce(f Focus) Identity { return Identity{} }
