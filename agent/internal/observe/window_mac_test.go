package observe

import "testing"

func TestWindowID(t *testing.T) {
	seen := map[uint32]bool{}
	for pid := int32(1); pid <= 100; pid++ {
		for element := range uint64(100) {
			id := windowID(pid, element)
			if id == 0 || seen[id] || id != windowID(pid, element) {
				t.Fatalf("%d %d: %d, seen %v", pid, element, id, seen[id])
			}
			seen[id] = true
		}
	}
}
