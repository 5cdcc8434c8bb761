//go:build darwin || linux

package native

import (
	"strings"
	"unsafe"
)

// What CoreFoundation makes or copies is the caller's, to be released once; what it gets is borrowed. A reference is 0 where
// there is nothing: CFRetain and CFRelease take no 0.
var (
	cfRetain          func(object uintptr) uintptr
	cfRelease         func(object uintptr)
	cfGetTypeID       func(object uintptr) uint
	cfBooleanTypeID   func() uint
	cfNumberTypeID    func() uint
	cfStringTypeID    func() uint
	cfURLTypeID       func() uint
	cfBooleanValue    func(boolean uintptr) bool
	cfNumberValue     func(number uintptr, kind int, value unsafe.Pointer) bool
	cfDictionaryValue func(dictionary, key uintptr) uintptr
	cfStringCreate    func(allocator uintptr, bytes unsafe.Pointer, length int, encoding uint32, external bool) uintptr
	cfStringLength    func(text uintptr) int
	cfStringBytes     func(text uintptr, from, length int, encoding uint32, lossByte uint8, external bool, to unsafe.Pointer, most int, used *int) int
	cfURLString       func(url uintptr) uintptr
	coreFunctions     = []function{
		{&cfRetain, coreFoundation, "CFRetain"},
		{&cfRelease, coreFoundation, "CFRelease"},
		{&cfGetTypeID, coreFoundation, "CFGetTypeID"},
		{&cfBooleanTypeID, coreFoundation, "CFBooleanGetTypeID"},
		{&cfNumberTypeID, coreFoundation, "CFNumberGetTypeID"},
		{&cfStringTypeID, coreFoundation, "CFStringGetTypeID"},
		{&cfURLTypeID, coreFoundation, "CFURLGetTypeID"},
		{&cfBooleanValue, coreFoundation, "CFBooleanGetValue"},
		{&cfNumberValue, coreFoundation, "CFNumberGetValue"},
		{&cfDictionaryValue, coreFoundation, "CFDictionaryGetValue"},
		{&cfStringCreate, coreFoundation, "CFStringCreateWithBytes"},
		{&cfStringLength, coreFoundation, "CFStringGetLength"},
		{&cfStringBytes, coreFoundation, "CFStringGetBytes"},
		{&cfURLString, coreFoundation, "CFURLGetString"},
	}
)

const (
	// utf8 is kCFStringEncodingUTF8 of CFString.h.
	utf8 = 0x08000100
	// number64 is kCFNumberSInt64Type of CFNumber.h.
	number64 = 4
	// longest text that is taken, in bytes of UTF-8; what is longer is cut after a character.
	longest = 16 << 10
)

// newString is a CFString, to be released. Strings of CoreFoundation and of Foundation are the same objects.
func newString(text string) uintptr {
	return cfStringCreate(0, unsafe.Pointer(unsafe.StringData(text)), len(text), utf8, false)
}

// textOf is what a string or an address (a CFURL) says, borrowed; empty for nothing and for anything else. What is no
// character, as half of one that UTF-16 writes as two, becomes a question mark.
func textOf(object uintptr) string {
	if object == 0 {
		return ""
	}
	switch cfGetTypeID(object) {
	case cfStringTypeID():
	case cfURLTypeID():
		object = cfURLString(object)
	default:
		return ""
	}
	// A unit of UTF-16 takes three bytes of UTF-8 at most.
	length := cfStringLength(object)
	if length == 0 {
		return ""
	}
	buffer := make([]byte, min(3*length, longest))
	var used int
	// A CFRange is passed as the two numbers it has: in two registers, by the conventions of both processors.
	cfStringBytes(object, 0, length, utf8, '?', false, unsafe.Pointer(&buffer[0]), len(buffer), &used)
	return strings.ToValidUTF8(string(buffer[:used]), "?")
}

// isTrue: a value that is there and says yes, borrowed.
func isTrue(object uintptr) bool {
	if object == 0 {
		return false
	}
	switch cfGetTypeID(object) {
	case cfBooleanTypeID():
		return cfBooleanValue(object)
	case cfNumberTypeID():
		var number int64
		return cfNumberValue(object, number64, unsafe.Pointer(&number)) && number != 0
	}
	return false
}
