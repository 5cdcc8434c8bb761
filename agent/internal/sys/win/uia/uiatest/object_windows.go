package uiatest

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/windows"
)

// object is a COM object: its first word points to the table of its methods.
type object struct {
	methods    *uintptr
	references atomic.Int32
	server     *Server
	// of is the interface it has.
	of string
	// shown is an element's, values those of its properties when they were read; of a request, the ones to be read.
	shown  *Shown
	values map[int32]any
	// parts are an array's elements.
	parts []*object
}

// variant is a VARIANT.
type variant struct {
	kind  uint16
	_     [3]uint16
	value uint64
	_     uint64
}

var (
	automation8 = windows.GUID{Data1: 0xe22ad333, Data2: 0xb25f, Data3: 0x460c, Data4: [8]byte{0x83, 0xd0, 0x05, 0x81, 0x10, 0x73, 0x95, 0xc9}}

	iunknown    = windows.GUID{Data4: [8]byte{0xc0, 7: 0x46}}
	identifiers = map[string]windows.GUID{
		"IClassFactory":  {Data1: 1, Data4: [8]byte{0xc0, 7: 0x46}},
		"IUIAutomation2": {Data1: 0x34723aff, Data2: 0x0c9d, Data3: 0x49d0, Data4: [8]byte{0x98, 0x96, 0x7a, 0xb5, 0x2d, 0xf8, 0xcd, 0x8a}},
	}
)

// tables are the methods of each interface, made once, for what Windows can call is never freed.
var (
	tables     map[string][]uintptr
	makeTables sync.Once
)

// methodsOf gives the table of an interface. Methods that are not written here fail.
func methodsOf(of string) *uintptr {
	makeTables.Do(func() { tables = allTables() })
	return &tables[of][0]
}

func allTables() map[string][]uintptr {
	written := map[string]map[string]any{
		"": {"QueryInterface": queryInterface, "AddRef": addRef, "Release": release},
		"IClassFactory": {"CreateInstance": func(o *object, outer uintptr, id *windows.GUID, out **object) uintptr {
			return o.server.give("CreateInstance", out, func() *object { return o.server.make("IUIAutomation2") })
		}},
		"IUIAutomation2": {
			"ElementFromHandleBuildCache": elementFromHandle,
			"CreateCacheRequest": func(o *object, out **object) uintptr {
				return o.server.give("CreateCacheRequest", out, func() *object { return o.server.make("IUIAutomationCacheRequest") })
			},
			"CreateTrueCondition": func(o *object, out **object) uintptr {
				return o.server.give("CreateTrueCondition", out, func() *object { return o.server.make("IUIAutomationCondition") })
			},
			"put_ConnectionTimeout": func(o *object, within uintptr) uintptr { return o.server.setWithin("put_ConnectionTimeout", 0, within) },
			"put_TransactionTimeout": func(o *object, within uintptr) uintptr {
				return o.server.setWithin("put_TransactionTimeout", 1, within)
			},
		},
		"IUIAutomationCacheRequest": {"AddProperty": addProperty},
		"IUIAutomationElement": {
			"FindAllBuildCache": findAll, "BuildUpdatedCache": buildUpdated, "GetCachedPropertyValue": cachedValue,
		},
		"IUIAutomationElementArray": {"get_Length": length, "GetElement": element},
		"IUIAutomationCondition":    {},
	}
	missing := windows.NewCallback(func(*object) uintptr { return notImplemented })
	all := map[string][]uintptr{}
	for of, methods := range written {
		if of == "" {
			continue
		}
		table := make([]uintptr, len(unknown)+len(order[of]))
		for i := range table {
			table[i] = missing
		}
		for name, method := range written[""] {
			table[Place(of, name)] = windows.NewCallback(method)
		}
		for name, method := range methods {
			table[Place(of, name)] = windows.NewCallback(method)
		}
		all[of] = table
	}
	return all
}

// make makes an object with one reference.
func (s *Server) make(of string) *object {
	o := &object{methods: methodsOf(of), server: s, of: of}
	o.references.Store(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live[o] = true
	return o
}

// told tells how a method ends before it does anything.
func (s *Server) told(method string) (result uint32, nothing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fails[method], s.nothing[method]
}

// give ends a method that gives an object.
func (s *Server) give(method string, out **object, made func() *object) uintptr {
	result, nothing := s.told(method)
	switch {
	case out == nil:
		return noPointer
	case result != 0:
		*out = nil
		return uintptr(result)
	case nothing:
		*out = nil
		return 0
	}
	if *out = made(); *out == nil {
		return noElement
	}
	return 0
}

func (s *Server) setWithin(method string, i int, within uintptr) uintptr {
	if result, _ := s.told(method); result != 0 {
		return uintptr(result)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.within[i] = uint32(within)
	return 0
}

func queryInterface(o *object, id *windows.GUID, out **object) uintptr {
	if *id != iunknown && *id != identifiers[o.of] {
		*out = nil
		return noInterface
	}
	addRef(o)
	*out = o
	return 0
}

func addRef(o *object) uintptr { return uintptr(o.references.Add(1)) }

func release(o *object) uintptr {
	left := o.references.Add(-1)
	if left < 0 {
		o.server.t.Errorf("%s was released once too often", o.of)
	}
	if left == 0 {
		for _, part := range o.parts {
			if part != nil {
				release(part)
			}
		}
		o.server.mu.Lock()
		defer o.server.mu.Unlock()
		delete(o.server.live, o)
	}
	return uintptr(left)
}

func elementFromHandle(o *object, window windows.HWND, request *object, out **object) uintptr {
	o.server.questions.Add(1)
	return o.server.give("ElementFromHandleBuildCache", out, func() *object { return o.server.read(o.server.behind(window), request) })
}

func (s *Server) behind(window windows.HWND) *Shown {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.windows[window]
}

// read makes an element with the properties requested; nil of what is not shown.
func (s *Server) read(shown *Shown, request *object) *object {
	if shown == nil || request == nil || request.of != "IUIAutomationCacheRequest" {
		return nil
	}
	e := s.make("IUIAutomationElement")
	s.mu.Lock()
	defer s.mu.Unlock()
	e.shown, e.values = shown, map[int32]any{}
	for property := range request.values {
		e.values[property] = map[int32]any{
			30003: shown.Control, 30005: shown.Name, 30008: shown.Focused, 30011: shown.ID, 30012: shown.Class, 30045: shown.Value,
		}[property]
	}
	return e
}

func addProperty(o *object, property int32) uintptr {
	if result, _ := o.server.told("AddProperty"); result != 0 {
		return uintptr(result)
	}
	if o.values == nil {
		o.values = map[int32]any{}
	}
	o.values[property] = nil
	return 0
}

func findAll(o *object, scope uintptr, condition, request *object, out **object) uintptr {
	o.server.questions.Add(1)
	const children = 2
	if scope != children || condition == nil || condition.of != "IUIAutomationCondition" {
		return invalid
	}
	return o.server.give("FindAllBuildCache", out, func() *object {
		array := o.server.make("IUIAutomationElementArray")
		for _, part := range o.shown.Parts {
			array.parts = append(array.parts, o.server.read(part, request))
		}
		return array
	})
}

func buildUpdated(o, request *object, out **object) uintptr {
	o.server.questions.Add(1)
	return o.server.give("BuildUpdatedCache", out, func() *object { return o.server.read(o.shown, request) })
}

func cachedValue(o *object, property int32, out *variant) uintptr {
	if result, _ := o.server.told("GetCachedPropertyValue"); result != 0 {
		return uintptr(result)
	}
	value, requested := o.values[property]
	if !requested {
		return invalid
	}
	*out = variant{}
	switch value := value.(type) {
	case int32:
		*out = variant{kind: 3, value: uint64(uint32(value))}
	case bool:
		if out.kind = 11; value {
			out.value = 0xffff
		}
	case string:
		text, _ := windows.UTF16FromString(value)
		start, _, _ := sysAllocStringLen.Call(uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)-1))
		*out = variant{kind: 8, value: uint64(start)}
	}
	return 0
}

func length(o *object, out *int32) uintptr {
	if result, _ := o.server.told("get_Length"); result != 0 {
		return uintptr(result)
	}
	*out = int32(len(o.parts))
	return 0
}

func element(o *object, index int32, out **object) uintptr {
	return o.server.give("GetElement", out, func() *object {
		if index < 0 || int(index) >= len(o.parts) || o.parts[index] == nil {
			return nil
		}
		addRef(o.parts[index])
		return o.parts[index]
	})
}
