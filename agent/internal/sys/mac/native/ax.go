//go:build darwin || linux

package native

import (
	"cmp"
	"fmt"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// The accessibility interface: AXUIElement.h, AXValue.h, AXError.h of HIServices. Each question goes to another program and
// waits for it.
var (
	axTrusted       func(options uintptr) bool
	axApplication   func(pid int32) uintptr
	axSystemWide    func() uintptr
	axSetTimeout    func(element uintptr, seconds float32) int32
	axElementTypeID func() uint
	axCopyValue     func(element, attribute uintptr, value *uintptr) int32
	axCopyValues    func(element, attribute uintptr, from, most int, values *uintptr) int32
	axCopyMultiple  func(element, attributes uintptr, options uint32, values *uintptr) int32
	axValueTypeID   func() uint
	axValueValue    func(value uintptr, kind uint32, to unsafe.Pointer) bool
	cfHash          func(object uintptr) uint
	cfArrayTypeID   func() uint
	cfArrayCount    func(array uintptr) int
	cfArrayItem     func(array uintptr, at int) uintptr
	cfStringSplit   func(allocator, text, separator uintptr) uintptr
	axFunctions     = []function{
		{&axTrusted, applicationServices, "AXIsProcessTrustedWithOptions"},
		{&axApplication, applicationServices, "AXUIElementCreateApplication"},
		{&axSystemWide, applicationServices, "AXUIElementCreateSystemWide"},
		{&axSetTimeout, applicationServices, "AXUIElementSetMessagingTimeout"},
		{&axElementTypeID, applicationServices, "AXUIElementGetTypeID"},
		{&axCopyValue, applicationServices, "AXUIElementCopyAttributeValue"},
		{&axCopyValues, applicationServices, "AXUIElementCopyAttributeValues"},
		{&axCopyMultiple, applicationServices, "AXUIElementCopyMultipleAttributeValues"},
		{&axValueTypeID, applicationServices, "AXValueGetTypeID"},
		{&axValueValue, applicationServices, "AXValueGetValue"},
		{&cfHash, coreFoundation, "CFHash"},
		{&cfArrayTypeID, coreFoundation, "CFArrayGetTypeID"},
		{&cfArrayCount, coreFoundation, "CFArrayGetCount"},
		{&cfArrayItem, coreFoundation, "CFArrayGetValueAtIndex"},
		{&cfStringSplit, coreFoundation, "CFStringCreateArrayBySeparatingStrings"},
	}
)

// What is used of AXError.h.
const (
	axIllegalArgument   = -25201
	axInvalidElement    = -25202
	axCannotComplete    = -25204
	axUnsupported       = -25205
	axAlreadyRegistered = -25209
	axNotRegistered     = -25210
	axDisabled          = -25211
	axNoValue           = -25212
)

// axErrorType is kAXValueAXErrorType of AXValue.h.
const axErrorType = 5

// failure is what an AXError says that is not 0.
func failure(code int32) error {
	switch code {
	case axInvalidElement:
		return mac.ErrGone
	case axCannotComplete:
		return mac.ErrLate
	case axDisabled:
		return mac.ErrNotTrusted
	}
	return fmt.Errorf("AXError %d", code)
}

// accessibility is mac.Accessibility.
type accessibility struct{ patient atomic.Bool }

func (a *accessibility) Trusted() bool { return axTrusted(0) } // without options it never asks the person

func (a *accessibility) Application(pid int32) mac.Element {
	a.bound()
	return &element{ref: axApplication(pid), pid: pid}
}

// bound has this process wait for no program's answer longer than mac.Patience; the system's own patience is several
// seconds. It is said once, for the element that stands for the whole system.
func (a *accessibility) bound() {
	if a.patient.Load() {
		return
	}
	wide := axSystemWide()
	defer cfRelease(wide)
	a.patient.Store(axSetTimeout(wide, float32(mac.Patience.Seconds())) == 0)
}

// element is mac.Element: an AXUIElement, of which many may stand for the same part.
type element struct {
	ref uintptr
	// pid is the process whose root it was found below.
	pid int32
}

func (e *element) ID() uint64 { return identity(e.pid, e.ref) }

// identity tells elements of all processes apart; one that was released or never was is 0.
func identity(pid int32, ref uintptr) uint64 {
	if ref == 0 {
		return 0
	}
	return uint64(uint32(pid))<<32 ^ uint64(cfHash(ref))
}

func (e *element) Text(attribute string) (text string, err error) {
	err = e.value(attribute, func(value uintptr) { text = textOf(value) })
	return text, err
}

func (e *element) Part(attribute string) (part mac.Element, err error) {
	err = e.value(attribute, func(value uintptr) { part = e.part(value) })
	return part, err
}

func (e *element) value(attribute string, take func(value uintptr)) error {
	return e.ask(attribute, func(name uintptr, answer *uintptr) int32 { return axCopyValue(e.ref, name, answer) }, take)
}

// part is what a value, borrowed, is of the same process; nil where it is no element.
func (e *element) part(value uintptr) mac.Element {
	if value == 0 || cfGetTypeID(value) != axElementTypeID() {
		return nil
	}
	return &element{ref: cfRetain(value), pid: e.pid}
}

func (e *element) Parts(attribute string, most int) (parts []mac.Element, err error) {
	err = e.ask(attribute, func(name uintptr, answer *uintptr) int32 {
		code := axCopyValues(e.ref, name, 0, most, answer)
		if code == axIllegalArgument { // the attribute is no list, or an empty one
			code = axNoValue
		}
		return code
	}, func(values uintptr) {
		for i := range count(values) {
			if part := e.part(cfArrayItem(values, i)); part != nil {
				parts = append(parts, part)
			}
		}
	})
	return parts, err
}

// count is how many an array has, borrowed; none where it is no array.
func count(array uintptr) int {
	if cfGetTypeID(array) != cfArrayTypeID() {
		return 0
	}
	return cfArrayCount(array)
}

// comma joins attributes: none has one in its name.
const comma = ","

func (e *element) Texts(attributes ...string) ([]string, error) {
	texts := make([]string, len(attributes))
	if len(attributes) == 0 {
		return texts, nil
	}
	var missing error
	err := e.ask(strings.Join(attributes, comma), func(names uintptr, answer *uintptr) int32 {
		separator := newString(comma)
		defer cfRelease(separator)
		list := cfStringSplit(0, names, separator)
		defer cfRelease(list)
		return axCopyMultiple(e.ref, list, 0, answer)
	}, func(values uintptr) {
		for i := range min(count(values), len(texts)) {
			value := cfArrayItem(values, i)
			texts[i] = textOf(value)
			missing = cmp.Or(missing, reason(value))
		}
	})
	if err = cmp.Or(err, missing); err != nil {
		return nil, err
	}
	return texts, nil
}

// reason is why a value, borrowed, is missing where several were asked for: then it is an AXError within an AXValue. It is
// nil where just this attribute is none of the element's, or cannot be told.
func reason(value uintptr) error {
	var code int32
	if value == 0 || cfGetTypeID(value) != axValueTypeID() || !axValueValue(value, axErrorType, unsafe.Pointer(&code)) {
		return nil
	}
	switch code {
	case axInvalidElement, axCannotComplete, axDisabled:
		return failure(code)
	}
	return nil
}

// ask asks for an attribute, and has take look at the answer, borrowed, if there is one.
func (e *element) ask(attribute string, question func(name uintptr, answer *uintptr) int32, take func(answer uintptr)) (err error) {
	if e.ref == 0 {
		return fmt.Errorf("native: %s: %w", attribute, mac.ErrGone)
	}
	pooled(func() {
		name := newString(attribute)
		defer cfRelease(name)
		var answer uintptr
		switch code := question(name, &answer); code {
		case 0:
			if answer != 0 {
				defer cfRelease(answer)
				take(answer)
			}
		case axUnsupported, axNoValue:
		default:
			err = fmt.Errorf("native: %s: %w", attribute, failure(code))
		}
	})
	return err
}

func (e *element) Release() {
	if e.ref != 0 {
		cfRelease(e.ref)
		e.ref = 0
	}
}
