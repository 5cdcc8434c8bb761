package uia

import (
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Client asks for elements. It and all it gives belong to the goroutine that opened it.
type Client struct {
	automation *object
	// all is the condition that every element meets.
	all *object
}

// Open makes a client whose questions to other programs fail after a time, of which ErrTimeout tells. ErrAbsent: this
// system has no UI Automation. The goroutine is tied to its thread until Close.
func Open(within time.Duration) (*Client, error) {
	if err := enter(); err != nil {
		return nil, err
	}
	c := &Client{}
	if err := c.open(uintptr(within.Milliseconds())); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Client) open(within uintptr) (err error) {
	if c.automation, err = create(&automation8, &automation2); err != nil {
		return err
	}
	if err := c.automation.call("put_ConnectionTimeout", automationPutConnectionTimeout, within); err != nil {
		return err
	}
	if err := c.automation.call("put_TransactionTimeout", automationPutTransactionTimeout, within); err != nil {
		return err
	}
	err = c.automation.call("CreateTrueCondition", automationCreateTrueCondition, uintptr(unsafe.Pointer(&c.all)))
	return c.all.there("CreateTrueCondition", err)
}

// Close gives the client back; what it gave has to be released before.
func (c *Client) Close() {
	c.all.release()
	c.automation.release()
	leave()
}

// Request names the properties that are read in one question.
type Request struct{ request *object }

// NewRequest makes a request for properties.
func (c *Client) NewRequest(properties ...Property) (*Request, error) {
	r := &Request{}
	err := c.automation.call("CreateCacheRequest", automationCreateCacheRequest, uintptr(unsafe.Pointer(&r.request)))
	if err := r.request.there("CreateCacheRequest", err); err != nil {
		return nil, err
	}
	for _, p := range properties {
		if err := r.request.call("AddProperty", requestAddProperty, uintptr(p)); err != nil {
			r.Release()
			return nil, err
		}
	}
	return r, nil
}

// Release gives the request back.
func (r *Request) Release() {
	r.request.release()
	r.request = nil
}

// Element is a part of a window, with the properties that were read of it last. It has to be released.
type Element struct {
	client  *Client
	element *object
}

// Element is that of a window, with the properties requested.
func (c *Client) Element(window windows.HWND, r *Request) (*Element, error) {
	e := &Element{client: c}
	err := c.automation.call("ElementFromHandleBuildCache", automationElementFromHandleBuildCache, uintptr(window), r.request.in(), uintptr(unsafe.Pointer(&e.element)))
	if err := e.element.there("ElementFromHandleBuildCache", err); err != nil {
		return nil, err
	}
	return e, nil
}

// maxChildren bounds the elements directly below one that are given.
const maxChildren = 200

// Children are the elements directly below one, with the properties requested, at most 200.
func (e *Element) Children(r *Request) ([]*Element, error) {
	const children = 2 // TreeScope_Children
	var array *object
	if err := e.element.call("FindAllBuildCache", elementFindAllBuildCache, children, e.client.all.in(), r.request.in(), uintptr(unsafe.Pointer(&array))); err != nil {
		return nil, err
	}
	if array == nil {
		return nil, nil
	}
	defer array.release()
	var length int32
	if err := array.call("get_Length", arrayGetLength, uintptr(unsafe.Pointer(&length))); err != nil {
		return nil, err
	}
	all := make([]*Element, 0, min(max(length, 0), maxChildren))
	for i := range cap(all) {
		child := &Element{client: e.client}
		err := array.call("GetElement", arrayGetElement, uintptr(i), uintptr(unsafe.Pointer(&child.element)))
		if err := child.element.there("GetElement", err); err != nil {
			ReleaseAll(all)
			return nil, err
		}
		all = append(all, child)
	}
	return all, nil
}

// ReleaseAll releases elements.
func ReleaseAll(all []*Element) {
	for _, e := range all {
		e.Release()
	}
}

// Read reads the properties requested anew.
func (e *Element) Read(r *Request) error {
	var read *object
	err := e.element.call("BuildUpdatedCache", elementBuildUpdatedCache, r.request.in(), uintptr(unsafe.Pointer(&read)))
	if err := read.there("BuildUpdatedCache", err); err != nil {
		return err
	}
	e.element.release()
	e.element = read
	return nil
}

// Release gives the element back; once is enough.
func (e *Element) Release() {
	e.element.release()
	e.element = nil
}

// maxText bounds a text read, in units of UTF-16.
const maxText = 4096

// Text is a property that is a text, of those requested; empty where it is none, or not supported.
func (e *Element) Text(p Property) string {
	var value variant
	defer value.clear()
	if e.get(p, &value) != nil {
		return ""
	}
	return value.text(maxText)
}

// Number is a property that is a number, of those requested; 0 where it is none.
func (e *Element) Number(p Property) int32 {
	var value variant
	defer value.clear()
	if e.get(p, &value) != nil || value.kind != kindInt {
		return 0
	}
	return int32(value.value)
}

// Is tells of a property that is a claim, of those requested.
func (e *Element) Is(p Property) bool {
	var value variant
	defer value.clear()
	return e.get(p, &value) == nil && value.kind == kindBool && int16(value.value) != 0
}

func (e *Element) get(p Property, value *variant) error {
	return e.element.call("GetCachedPropertyValue", elementGetCachedPropertyValue, uintptr(p), uintptr(unsafe.Pointer(value)))
}
