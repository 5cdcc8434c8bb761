package browsers

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
)

// devtools speaks the protocol of Chromium's developer tools over a pair of pipes: JSON objects, each ended by a zero byte
// (https://chromedevtools.github.io/devtools-protocol/).
type devtools struct {
	calls
	to   *os.File
	from *os.File
	// attached are the sessions with tabs, which stay.
	attached map[Tab]string
}

// newDevtools gives the ends that the browser has as its descriptors 3 and 4, which the caller closes.
func newDevtools() (d *devtools, theirs []*os.File, err error) {
	theirsIn, to, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	from, theirsOut, err := os.Pipe()
	if err != nil {
		return nil, nil, errors.Join(err, theirsIn.Close(), to.Close())
	}
	d = &devtools{to: to, from: from, attached: map[Tab]string{}}
	lines := bufio.NewReader(from)
	go d.hear(func() ([]byte, error) {
		text, err := lines.ReadBytes(0)
		return bytes.TrimSuffix(text, []byte{0}), err
	})
	return d, []*os.File{theirsIn, theirsOut}, nil
}

func (d *devtools) close() {
	d.to.Close()
	d.from.Close()
}

func (d *devtools) call(ctx context.Context, session, method string, params, result any) error {
	return d.ask(ctx, call{Method: method, Params: params, Session: session}, result, func(text []byte) error {
		_, err := d.to.Write(append(text, 0))
		return err
	})
}

func (d *devtools) tabs(ctx context.Context) ([]Tab, error) {
	var found struct {
		TargetInfos []struct{ TargetID, Type string }
	}
	if err := d.call(ctx, "", "Target.getTargets", nil, &found); err != nil {
		return nil, err
	}
	var tabs []Tab
	for _, target := range found.TargetInfos {
		if target.Type == "page" {
			tabs = append(tabs, Tab(target.TargetID))
		}
	}
	return tabs, nil
}

func (d *devtools) open(ctx context.Context, address string, where where) (Tab, error) {
	var opened struct{ TargetID Tab }
	err := d.call(ctx, "", "Target.createTarget", map[string]any{"url": address, "newWindow": where == inWindow}, &opened)
	return opened.TargetID, err
}

func (d *devtools) activate(ctx context.Context, tab Tab) error {
	return d.call(ctx, "", "Target.activateTarget", map[string]any{"targetId": tab}, nil)
}

func (d *devtools) navigate(ctx context.Context, tab Tab, address string) error {
	return d.inTab(ctx, tab, "Page.navigate", map[string]any{"url": address})
}

func (d *devtools) run(ctx context.Context, tab Tab, script string) error {
	return d.inTab(ctx, tab, "Runtime.evaluate", map[string]any{"expression": script, "awaitPromise": true})
}

func (d *devtools) inTab(ctx context.Context, tab Tab, method string, params any) error {
	session, known := d.attached[tab]
	if !known {
		var attached struct{ SessionID string }
		if err := d.call(ctx, "", "Target.attachToTarget", map[string]any{"targetId": tab, "flatten": true}, &attached); err != nil {
			return err
		}
		session = attached.SessionID
		d.attached[tab] = session
	}
	var done struct {
		ErrorText        string
		ExceptionDetails *struct{ Text string }
	}
	if err := d.call(ctx, session, method, params, &done); err != nil {
		return err
	}
	if done.ErrorText != "" {
		return fmt.Errorf("browsers: %s: %s", method, done.ErrorText)
	}
	if done.ExceptionDetails != nil {
		return fmt.Errorf("browsers: %s: %s", method, done.ExceptionDetails.Text)
	}
	return nil
}
