//go:build darwin || linux

package native

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is the path of one. Since macOS 11 none of them is a file: dlopen finds them in a cache of the system's.
type library string

const (
	libSystem           library = "/usr/lib/libSystem.B.dylib"
	libObjC             library = "/usr/lib/libobjc.A.dylib"
	appKit              library = "/System/Library/Frameworks/AppKit.framework/AppKit"
	applicationServices library = "/System/Library/Frameworks/ApplicationServices.framework/ApplicationServices"
	coreFoundation      library = "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation"
	coreGraphics        library = "/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics"
	security            library = "/System/Library/Frameworks/Security.framework/Security"
)

// function is one that a library has: to points to the Go function that is to call it.
type function struct {
	to      any
	library library
	name    string
}

// constant is an object a library has, as "NSString * const" or "const CFStringRef"; it is never released.
type constant struct {
	to      *uintptr
	library library
	name    string
}

func functions() []function {
	return slices.Concat(coreFunctions, loopFunctions, objcFunctions, sessionFunctions, workspaceFunctions, axFunctions, axObserverFunctions)
}

func constants() []constant {
	return slices.Concat(loopConstants, workspaceConstants())
}

// where a library is loaded from; tests have one of their own.
var where = func(l library) string { return string(l) }

// load finds everything before it sets anything, so that what a later macOS no longer has is an error, not a crash.
func load(functions []function, constants []constant) error {
	found := make([]uintptr, len(functions)+len(constants))
	handles := map[library]uintptr{}
	for i := range found {
		library, name := wanted(functions, constants, i)
		if handles[library] == 0 {
			handle, err := purego.Dlopen(where(library), purego.RTLD_LAZY|purego.RTLD_GLOBAL)
			if err != nil {
				return fmt.Errorf("native: load: %s: %w", name, err)
			}
			handles[library] = handle
		}
		symbol, err := purego.Dlsym(handles[library], name)
		if err != nil {
			return fmt.Errorf("native: load: %s: %w", name, err)
		}
		found[i] = symbol
	}
	for i, f := range functions {
		purego.RegisterFunc(f.to, found[i])
	}
	for i, c := range constants {
		*c.to = **(**uintptr)(unsafe.Pointer(&found[len(functions)+i]))
	}
	return nil
}

func wanted(functions []function, constants []constant, i int) (library, string) {
	if i < len(functions) {
		return functions[i].library, functions[i].name
	}
	c := constants[i-len(functions)]
	return c.library, c.name
}
