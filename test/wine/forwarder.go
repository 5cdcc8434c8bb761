package wine

import (
	"bytes"
	"encoding/binary"
)

// forwarderName is a library of Windows that Wine 8.0 lacks and without which no Go program starts.
const forwarderName = "bcryptprimitives.dll"

// forwarder is a library without code, by the PE format (learn.microsoft.com/windows/win32/debug/pe-format). Its one
// export, ProcessPrng, is forwarded to where Wine has the same: RtlGenRandom, exported as SystemFunction036.
func forwarder() []byte {
	const (
		page, disk   = 0x1000, 0x200 // how sections are aligned in memory and in the file
		readableDLL  = 0x2022        // executable image, large addresses, library
		readableData = 0x40000040
		consoleGUI   = 3
		relocatable  = 0x140
	)
	exports := exportTable(page, forwarderName, "ProcessPrng", "advapi32.SystemFunction036")

	var file bytes.Buffer
	put := func(values ...any) {
		for _, value := range values {
			_ = binary.Write(&file, binary.LittleEndian, value) // a buffer takes what has a size
		}
	}
	pad := func(to int) { file.Write(make([]byte, to-file.Len())) }
	// DOS header: its last word says where the real one begins.
	file.WriteString("MZ")
	pad(0x3c)
	put(uint32(0x40))
	// COFF header.
	file.WriteString("PE\x00\x00")
	const sections, optionalHeader = 1, 240
	put(uint16(0x8664), uint16(sections), [3]uint32{}, uint16(optionalHeader), uint16(readableDLL))
	// Optional header of 64 bits: no code, one page of data, no entry point.
	put(uint16(0x20b), uint16(0), uint32(0), uint32(disk), uint32(0), uint32(0), uint32(page))
	put(uint64(0x180000000), uint32(page), uint32(disk))
	put([3]uint16{6, 0, 0}, [3]uint16{0, 6, 0}, uint32(0)) // versions: of the system, of the image, of the subsystem
	put(uint32(2*page), uint32(disk), uint32(0), uint16(consoleGUI), uint16(relocatable))
	put(uint64(0x100000), uint64(page), uint64(0x100000), uint64(page)) // stack and heap: reserved, committed
	put(uint32(0), uint32(16))
	put(uint32(page), uint32(len(exports)), [15]uint64{}) // the first directory is that of exports
	// Section header.
	put([8]byte{'.', 'e', 'd', 'a', 't', 'a'}, uint32(disk), uint32(page), uint32(disk), uint32(disk), [3]uint32{}, uint32(readableData))
	pad(disk)
	file.Write(exports)
	pad(2 * disk)
	return file.Bytes()
}

// exportTable is the section with one named export, forwarded, as it is loaded at an address relative to the image. A
// forwarded export points to the name of its target, inside the table.
func exportTable(at uint32, library, export, target string) []byte {
	const directory = 40 // bytes; then the arrays of one address, one name and one ordinal, and the strings
	functions, names, ordinals, strings := at+directory, at+directory+4, at+directory+8, at+directory+12
	exportAt := strings + uint32(len(library)+1)
	targetAt := exportAt + uint32(len(export)+1)
	var table []byte
	for _, word := range []uint32{
		0, 0, 0, strings, 1, 1, 1, functions, names, ordinals, // the directory; both arrays have one entry, from ordinal 1
		targetAt, exportAt, 0,
	} {
		table = binary.LittleEndian.AppendUint32(table, word)
	}
	return append(table, library+"\x00"+export+"\x00"+target+"\x00"...)
}
