package browsers

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// patience is how long a browser may take for anything on a busy machine.
const patience = 60 * time.Second

// calls are questions that wait for their answers.
type calls struct {
	mu      sync.Mutex
	last    int
	waiting map[int]chan answer
	ended   error
}

// answer to a call; events, which have no id, are passed over.
type answer struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	// Error is an object with a message (Chromium) or a word beside one (Firefox).
	Error   json.RawMessage `json:"error"`
	Message string          `json:"message"`
}

// call is a question. Session is Chromium's for what is asked of a tab.
type call struct {
	ID      int    `json:"id"`
	Method  string `json:"method"`
	Params  any    `json:"params"`
	Session string `json:"sessionId,omitempty"`
}

// ask sends a call and waits for its answer.
func (c *calls) ask(ctx context.Context, q call, result any, send func([]byte) error) error {
	if q.Params == nil {
		q.Params = struct{}{}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	heard := make(chan answer, 1)
	c.mu.Lock()
	c.last++
	q.ID = c.last
	if c.waiting == nil {
		c.waiting = map[int]chan answer{}
	}
	c.waiting[q.ID] = heard
	ended := c.ended
	c.mu.Unlock()
	if ended != nil {
		return fmt.Errorf("browsers: %s: %w", q.Method, ended)
	}
	text, err := json.Marshal(q)
	if err == nil {
		err = send(text)
	}
	if err != nil {
		return fmt.Errorf("browsers: %s: %w", q.Method, err)
	}
	select {
	case <-ctx.Done():
		return fmt.Errorf("browsers: %s: %w", q.Method, ctx.Err())
	case got, open := <-heard:
		switch {
		case !open:
			return fmt.Errorf("browsers: %s: %w", q.Method, c.ended)
		case len(got.Error) > 0:
			return fmt.Errorf("browsers: %s: %s %s", q.Method, got.Error, got.Message)
		case result != nil:
			return json.Unmarshal(got.Result, result)
		}
		return nil
	}
}

// hear hands answers to those who wait, until there are no more.
func (c *calls) hear(next func() ([]byte, error)) {
	for {
		text, err := next()
		if err != nil {
			c.end(err)
			return
		}
		var got answer
		if json.Unmarshal(text, &got) != nil || got.ID == 0 {
			continue
		}
		c.mu.Lock()
		heard := c.waiting[got.ID]
		delete(c.waiting, got.ID)
		c.mu.Unlock()
		if heard != nil {
			heard <- got
		}
	}
}

func (c *calls) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = fmt.Errorf("the browser has ended: %w", err)
	for _, heard := range c.waiting {
		close(heard)
	}
	c.waiting = nil
}
