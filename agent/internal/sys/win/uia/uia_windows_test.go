package uia

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/agent/internal/sys/win/uia/uiatest"
)

const window windows.HWND = 0x5eed

func TestPlaces(t *testing.T) {
	for _, p := range []struct {
		of, method string
		place      int
	}{
		{"IUIAutomation2", "Release", unknownRelease},
		{"IUIAutomation2", "ElementFromHandleBuildCache", automationElementFromHandleBuildCache},
		{"IUIAutomation2", "CreateCacheRequest", automationCreateCacheRequest},
		{"IUIAutomation2", "CreateTrueCondition", automationCreateTrueCondition},
		{"IUIAutomation2", "put_ConnectionTimeout", automationPutConnectionTimeout},
		{"IUIAutomation2", "put_TransactionTimeout", automationPutTransactionTimeout},
		{"IUIAutomationCacheRequest", "AddProperty", requestAddProperty},
		{"IUIAutomationElement", "FindAllBuildCache", elementFindAllBuildCache},
		{"IUIAutomationElement", "BuildUpdatedCache", elementBuildUpdatedCache},
		{"IUIAutomationElement", "GetCachedPropertyValue", elementGetCachedPropertyValue},
		{"IUIAutomationElementArray", "get_Length", arrayGetLength},
		{"IUIAutomationElementArray", "GetElement", arrayGetElement},
	} {
		if want := uiatest.Place(p.of, p.method); p.place != want {
			t.Errorf("%s.%s is at %d, not %d", p.of, p.method, want, p.place)
		}
	}
}

// open opens a client for a test, whose end checks that nothing is referred to.
func open(t testing.TB) *Client {
	t.Helper()
	c, err := Open(150 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func request(t testing.TB, c *Client, properties ...Property) *Request {
	t.Helper()
	r, err := c.NewRequest(properties...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Release)
	return r
}

func TestElements(t *testing.T) {
	server := uiatest.Start(t)
	field := &uiatest.Shown{Class: "OmniboxViewViews", Value: "example.com/ä😀", Name: "Address", Control: 50004, Focused: true}
	server.Show(window, &uiatest.Shown{Name: "A page", Parts: []*uiatest.Shown{{Class: "First", ID: "one", Control: Pane}, field}})
	c := open(t)
	if connection, transaction := server.Within(); connection != 150 || transaction != 150 {
		t.Errorf("times out after %d and %d ms", connection, transaction)
	}
	title, parts, whole := request(t, c, Name), request(t, c, ClassName, AutomationID, ControlType), request(t, c, Name, Value, HasKeyboardFocus)

	root, err := c.Element(window, title)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Release()
	if root.Text(Name) != "A page" || root.Text(ClassName) != "" || root.Number(ControlType) != 0 || root.Is(HasKeyboardFocus) {
		t.Errorf("of the window was read %q %q", root.Text(Name), root.Text(ClassName))
	}
	children, err := root.Children(parts)
	if err != nil || len(children) != 2 {
		t.Fatalf("%d children, %v", len(children), err)
	}
	defer ReleaseAll(children)
	got := []any{children[0].Text(ClassName), children[0].Text(AutomationID), children[0].Number(ControlType), children[1].Text(ClassName), children[1].Number(ControlType)}
	if want := []any{"First", "one", int32(Pane), "OmniboxViewViews", int32(50004)}; !reflect.DeepEqual(got, want) {
		t.Errorf("children %v, want %v", got, want)
	}
	// A property of another kind, and one that is a number asked for as text.
	if children[0].Text(ControlType) != "" || children[0].Number(ClassName) != 0 || children[0].Is(ClassName) {
		t.Error("a property is taken for one of another kind")
	}
	read := func(value string, focused bool) {
		t.Helper()
		if err := children[1].Read(whole); err != nil {
			t.Fatal(err)
		}
		if got := children[1].Text(Value); got != value || children[1].Is(HasKeyboardFocus) != focused {
			t.Errorf("%q, focused %v; want %q, %v", got, children[1].Is(HasKeyboardFocus), value, focused)
		}
	}
	read("example.com/ä😀", true)
	server.Change(func() { field.Value, field.Focused = strings.Repeat("x", 3*maxText), false })
	read(strings.Repeat("x", maxText), false)
	server.Change(func() { field.Value = "" })
	read("", false)
	if none, err := children[0].Children(parts); err != nil || len(none) != 0 {
		t.Errorf("%d children, %v", len(none), err)
	}
}

func TestManyChildren(t *testing.T) {
	server := uiatest.Start(t)
	many := &uiatest.Shown{}
	for i := range 2 * maxChildren {
		many.Parts = append(many.Parts, &uiatest.Shown{Class: fmt.Sprint(i)})
	}
	server.Show(window, many)
	c := open(t)
	r := request(t, c, ClassName)
	root, err := c.Element(window, r)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Release()
	children, err := root.Children(r)
	if err != nil || len(children) != maxChildren || children[maxChildren-1].Text(ClassName) != fmt.Sprint(maxChildren-1) {
		t.Errorf("%d children, %v", len(children), err)
	}
	ReleaseAll(children)
}

// Whatever fails, and whatever succeeds without giving anything, is an error, and nothing stays referred to.
func TestFailures(t *testing.T) {
	server := uiatest.Start(t)
	server.Show(window, &uiatest.Shown{Parts: []*uiatest.Shown{{}, {}}})
	use := func() error {
		c, err := Open(time.Second)
		if err != nil {
			return err
		}
		defer c.Close()
		r, err := c.NewRequest(Name, Value)
		if err != nil {
			return err
		}
		defer r.Release()
		root, err := c.Element(window, r)
		if err != nil {
			return err
		}
		defer root.Release()
		children, err := root.Children(r)
		if err != nil {
			return err
		}
		defer ReleaseAll(children)
		return root.Read(r)
	}
	if err := use(); err != nil {
		t.Fatal(err)
	}
	const refused = 0x80070005
	for _, method := range []string{
		"CreateInstance", "put_ConnectionTimeout", "put_TransactionTimeout", "CreateTrueCondition", "CreateCacheRequest", "AddProperty",
		"ElementFromHandleBuildCache", "FindAllBuildCache", "get_Length", "GetElement", "BuildUpdatedCache",
	} {
		server.Fail(method, refused)
		if err := use(); !errors.Is(err, &Error{Result: refused}) || errors.Is(err, ErrTimeout) {
			t.Errorf("%s fails: %v", method, err)
		}
		server.Fail(method, uiatest.Timeout)
		if err := use(); !errors.Is(err, ErrTimeout) {
			t.Errorf("%s takes too long: %v", method, err)
		}
		server.Fail(method, 0)
		if live := server.Live(); len(live) != 0 {
			t.Fatalf("after %s failed, %v are referred to", method, live)
		}
	}
	for _, method := range []string{"CreateTrueCondition", "CreateCacheRequest", "ElementFromHandleBuildCache", "GetElement", "BuildUpdatedCache"} {
		server.Nothing(method, true)
		if err := use(); err == nil {
			t.Errorf("%s gives nothing and is no error", method)
		}
		server.Nothing(method, false)
	}
	server.Show(window, &uiatest.Shown{Parts: []*uiatest.Shown{{}, nil}})
	if err := use(); err == nil {
		t.Error("a child that went is no error")
	}
	if live := server.Live(); len(live) != 0 {
		t.Errorf("%v are referred to", live)
	}
	server.Show(window, &uiatest.Shown{})
	server.Nothing("FindAllBuildCache", true)
	if err := use(); err != nil {
		t.Errorf("no array is no children: %v", err)
	}
	server.Nothing("FindAllBuildCache", false)
	server.Fail("GetCachedPropertyValue", refused)
	if err := use(); err != nil {
		t.Error(err)
	}
}

// A window that is gone is an error.
func TestNoSuchWindow(t *testing.T) {
	uiatest.Start(t)
	c := open(t)
	if e, err := c.Element(window, request(t, c, Name)); err == nil {
		e.Release()
		t.Error("there is an element of no window")
	}
}

// Wine has no UI Automation, as no system has without its class.
func TestAbsent(t *testing.T) {
	if c, err := Open(time.Second); !errors.Is(err, ErrAbsent) {
		if err == nil {
			c.Close()
		}
		t.Errorf("opened with %v", err)
	}
}

// BenchmarkRead is what one reading costs this process, the other one's work left out.
func BenchmarkRead(b *testing.B) {
	server := uiatest.Start(b)
	server.Show(window, &uiatest.Shown{Value: "example.com/" + strings.Repeat("path/", 20), Name: "Address and search bar"})
	c := open(b)
	r := request(b, c, Name, Value, HasKeyboardFocus)
	e, err := c.Element(window, r)
	if err != nil {
		b.Fatal(err)
	}
	defer e.Release()
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Read(r); err != nil || e.Text(Value) == "" || e.Is(HasKeyboardFocus) {
			b.Fatal(err)
		}
	}
}
