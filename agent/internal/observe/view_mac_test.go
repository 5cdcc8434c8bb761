package observe

import (
	"testing"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// sameID is an element whose ID is another's too.
type sameID struct {
	mac.Element
	released int
}

func (*sameID) ID() uint64 { return 7 }
func (e *sameID) Release() { e.released++ }

// An ID is made of a hash: the window that has the focus is asked for its title even where another's ID is the same.
func TestViewHoldsTheLastAnswer(t *testing.T) {
	before, after := &sameID{}, &sameID{}
	v := view{window: before}
	if err := v.follow(after); err != nil || v.window != after || before.released != 1 || after.released != 0 {
		t.Errorf("held is %p of %p and %p, released %d and %d times: %v", v.window, before, after, before.released, after.released, err)
	}
}
