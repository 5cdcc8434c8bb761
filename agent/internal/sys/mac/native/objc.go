//go:build darwin || linux

package native

import (
	"fmt"
	"runtime"
)

// Objective-C is called as the plain C functions that its runtime has: objc_msgSend has, for each message, the signature of
// the method it finds, and so is registered once for each that is used (objc/message.h). A message to 0 answers 0.
var (
	poolPush      func() uintptr
	poolPop       func(pool uintptr)
	objcClass     func(name string) uintptr
	objcSelector  func(name string) uintptr
	objcNewClass  func(super uintptr, name string, extraBytes uint) uintptr
	objcAddMethod func(class, selector, implementation uintptr, types string) bool
	objcRegister  func(class uintptr)

	send          func(object, selector uintptr) uintptr
	sendInt32     func(object, selector uintptr) int32
	sendObject    func(object, selector, argument uintptr) uintptr
	objcFunctions = []function{
		{&poolPush, libObjC, "objc_autoreleasePoolPush"},
		{&poolPop, libObjC, "objc_autoreleasePoolPop"},
		{&objcClass, libObjC, "objc_getClass"},
		{&objcSelector, libObjC, "sel_registerName"},
		{&objcNewClass, libObjC, "objc_allocateClassPair"},
		{&objcAddMethod, libObjC, "class_addMethod"},
		{&objcRegister, libObjC, "objc_registerClassPair"},
		{&send, libObjC, "objc_msgSend"},
		{&sendInt32, libObjC, "objc_msgSend"},
		{&sendObject, libObjC, "objc_msgSend"},
	}
)

// pooled runs f with an autorelease pool on a thread that stays the same meanwhile: what methods return without a
// claim to it lasts until f returns.
func pooled(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pool := poolPush()
	defer poolPop(pool)
	f()
}

// class is one by its name.
func class(name string) (uintptr, error) {
	found := objcClass(name)
	if found == 0 {
		return 0, fmt.Errorf("native: no class %s", name)
	}
	return found, nil
}
