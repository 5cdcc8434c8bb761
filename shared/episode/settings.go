package episode

import "time"

// Duration is a length in settings: "2m", "90s"; Indefinitely where the rule allows it.
type Duration time.Duration

// Indefinitely is the length without end.
const Indefinitely = Duration(1<<63 - 1)

// Schedule holds, for each weekday ("mon"…"sun"), spans "HH:MM-HH:MM" of the computer's local time in which there is
// collection. Nil is always; an empty one is never.
type Schedule map[string][]string

// Settings are the rules for one login, resolved.
type Settings struct {
	// Revision is carried into the episodes recorded under these settings; it has no effect.
	Revision string `json:"revision,omitempty"`
}
