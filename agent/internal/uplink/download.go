package uplink

import (
	"context"
	"fmt"
	"net/http"
)

// Get asks the collector for a file, from a byte on, as this device. What it answers, a refusal too, is the response, whose body is the
// caller's to read and close; an error says that it did not answer. No redirect is followed. Contacts go on meanwhile, over another
// connection. It is for one goroutine.
func (u *Uplink) Get(ctx context.Context, path string, from int64) (*http.Response, error) {
	stale := ""
	for {
		var answer *http.Response
		token, err := u.session(ctx, stale)
		if err == nil {
			answer, err = u.downloads.get(ctx, path, from, token)
		}
		if err != nil {
			return nil, fmt.Errorf("uplink: get: %s", words(err, problemOf(err)))
		}
		if answer.StatusCode != http.StatusUnauthorized || stale != "" {
			return answer, nil
		}
		answer.Body.Close()
		stale = token
	}
}

// session gives a session token that is not the stale one.
func (u *Uplink) session(ctx context.Context, stale string) (string, error) {
	if err := u.turn.take(ctx); err != nil {
		return "", err
	}
	defer u.turn.give()
	if stale != "" && u.token == stale {
		u.token = ""
	}
	err := u.signIn(ctx)
	return u.token, err
}

// get asks at each address in turn while none answers.
func (c *Client) get(ctx context.Context, path string, from int64, token string) (*http.Response, error) {
	c.refresh()
	var err error
	for range c.routes {
		route := c.routes[c.current]
		var request *http.Request
		if request, err = http.NewRequestWithContext(ctx, http.MethodGet, "https://"+route.address+path, nil); err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", "Bearer "+token)
		if from > 0 {
			request.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
		}
		var answer *http.Response
		if answer, err = route.files.Do(request); err == nil || ctx.Err() != nil {
			return answer, err
		}
		route.transport.CloseIdleConnections()
		c.current = (c.current + 1) % len(c.routes)
	}
	return nil, err
}
