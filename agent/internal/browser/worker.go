package browser

import (
	"context"
	"errors"
	"time"
)

// Answer is what came of a reading.
type Answer struct {
	Window Window
	Page   Page
	Err    error
}

// Worker reads addresses, one after the other, on a thread of its own, so that nothing else ever waits for a browser.
type Worker struct {
	open    func() (Tree, error)
	asked   chan Window
	answers chan Answer
}

// NewWorker gives a worker that opens its tree when it is first asked, on its own goroutine. It has to Run.
func NewWorker(open func() (Tree, error)) *Worker {
	return &Worker{open: open, asked: make(chan Window, 1), answers: make(chan Answer, 1)}
}

// Ask asks for a window's page, and never waits. It must not be called again before the answer came, however late.
func (w *Worker) Ask(window Window) {
	select {
	case w.asked <- window:
	default:
	}
}

// Answers are those to what was asked.
func (w *Worker) Answers() <-chan Answer { return w.answers }

// Run reads until the context ends. A reading that hangs in another program by then is left behind: it ends with this
// one.
func (w *Worker) Run(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.serve(ctx)
	}()
	<-ctx.Done()
	timer := time.NewTimer(Budget)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
	return ctx.Err()
}

func (w *Worker) serve(ctx context.Context) {
	r := reader{fields: make(map[uint32]Element)}
	defer r.close()
	for {
		select {
		case <-ctx.Done():
			return
		case window := <-w.asked:
			answer := Answer{Window: window}
			if answer.Err = r.open(w.open); answer.Err == nil {
				answer.Page, answer.Err = r.read(window)
			}
			select {
			case w.answers <- answer:
			case <-ctx.Done():
				return
			}
		}
	}
}

// reader reads pages from a tree.
type reader struct {
	tree Tree
	// fields are the address fields found, by window, so that the next reading is one question.
	fields map[uint32]Element
}

// maxFields bounds the fields kept.
const maxFields = 16

func (r *reader) open(open func() (Tree, error)) (err error) {
	if r.tree == nil {
		r.tree, err = open()
	}
	return err
}

func (r *reader) close() {
	r.forget()
	if r.tree != nil {
		r.tree.Close()
	}
}

func (r *reader) forget() {
	for _, field := range r.fields {
		field.Release()
	}
	clear(r.fields)
}

// A page that is behind its window's title is asked for again every readAgain, as long as an answer may come in time.
const (
	readAgain = 10 * time.Millisecond
	readFor   = Budget * 3 / 4
)

// read reads a window's page, which may be behind its title.
func (r *reader) read(w Window) (page Page, err error) {
	began := time.Now()
	for {
		page, err = r.readOnce(w)
		if !errors.Is(err, errBehind) && !errors.Is(err, ErrNoPage) || time.Since(began)+readAgain > readFor {
			return page, err
		}
		time.Sleep(readAgain)
	}
}

// readOnce reads a window's page: its title before, the address, its title after, for an address that was read later than
// the title may be the next page's.
func (r *reader) readOnce(w Window) (Page, error) {
	if r.tree.Title(w.ID) != w.Title {
		return Page{}, errMoved
	}
	shown, private, err := r.field(w)
	switch {
	case err != nil:
		return Page{}, err
	case private:
		return Page{Private: true}, nil
	case r.tree.Title(w.ID) != w.Title:
		return Page{}, errMoved
	case shown.Focused:
		return Page{}, errEdited
	case shown.Kind == Frame && !isTitleOf(w.Title, shown):
		return Page{}, errBehind
	}
	url, ok := address(shown.Value)
	if !ok {
		return Page{}, errNoAddress
	}
	return Page{URL: url}, nil
}

// field reads the address field of a window: the one known, else the one found, which is known from then on.
func (r *reader) field(w Window) (shown Node, private bool, err error) {
	if field, known := r.fields[w.ID]; known {
		if field.Read() == nil {
			return field.Look(), false, nil
		}
		// Its window is gone, or built anew.
		field.Release()
		delete(r.fields, w.ID)
	}
	recipe := recipeOf(w.App)
	if recipe == nil {
		return Node{}, false, errNoField
	}
	window, err := r.tree.Window(w)
	if err != nil {
		return Node{}, false, err
	}
	if window.Look().Kind == Frame {
		recipe = &frame
	}
	field, private, err := recipe.find(w, window)
	if field != window {
		defer window.Release()
	}
	if field == nil {
		return Node{}, private, err
	}
	if err := field.Read(); err != nil || recipe.fleeting {
		defer field.Release()
		return field.Look(), false, err
	}
	if len(r.fields) == maxFields {
		r.forget()
	}
	r.fields[w.ID] = field
	return field.Look(), false, nil
}
