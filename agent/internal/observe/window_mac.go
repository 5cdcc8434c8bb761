package observe

import (
	"encoding/binary"
	"hash/fnv"
)

// windowID makes an ID of a window's of what macOS has for one: its program's process and the accessibility element's ID
// there. It is never 0, which stands for no window.
func windowID(pid int32, element uint64) uint32 {
	h := fnv.New32a()
	_, _ = h.Write(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(nil, uint32(pid)), element))
	return max(1, h.Sum32())
}
