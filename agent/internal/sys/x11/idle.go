package x11

import (
	"errors"
	"fmt"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// ErrNoIdle is told where the server knows no idle time at all.
var ErrNoIdle = errors.New("x11: the server has neither IDLETIME nor MIT-SCREEN-SAVER")

// ErrNoAlarm is told where the server cannot tell of the next input by itself.
var ErrNoAlarm = errors.New("x11: the server has no alarms on idle time")

// idleSource is where the idle time comes from: the SYNC extension's IDLETIME counter, else MIT-SCREEN-SAVER. xgb has
// no SYNC package, and its screen saver package writes a table that other connections read; both are a few bytes.
// Requests and events: X.org, "X Synchronization Extension Protocol"; "MIT-SCREEN-SAVER".
type idleSource struct {
	sync       byte
	alarmEvent byte
	counter    uint32
	alarm      uint32
	// time is the counter SERVERTIME.
	time  uint32
	saver byte
}

const (
	syncInitialize   = 0
	syncListCounters = 1
	syncQueryCounter = 5
	syncCreateAlarm  = 8
	syncDestroyAlarm = 11
	saverQueryInfo   = 1

	// Of CreateAlarm: counter, value type, value, test type, delta and events are all given; the test is of the
	// counter falling to the value; the alarm stays armed (delta 0).
	alarmAllValues     = 63
	negativeTransition = 1
	alarmDestroyed     = 2
)

func (c *Conn) openIdle() error {
	syncCookie := xproto.QueryExtension(c.x, 4, "SYNC")
	saverCookie := xproto.QueryExtension(c.x, 16, "MIT-SCREEN-SAVER")
	if reply, err := saverCookie.Reply(); err != nil {
		return fmt.Errorf("x11: query MIT-SCREEN-SAVER: %w", err)
	} else if reply.Present {
		c.idle.saver = reply.MajorOpcode
	}
	reply, err := syncCookie.Reply()
	if err != nil {
		return fmt.Errorf("x11: query SYNC: %w", err)
	}
	if !reply.Present {
		return nil
	}
	c.idle.sync = reply.MajorOpcode
	// XSyncAlarmNotify is the second event of the extension.
	c.idle.alarmEvent = reply.FirstEvent + 1
	if _, err := c.call([]byte{c.idle.sync, syncInitialize, 2, 0, 3, 1, 0, 0}).Reply(); err != nil {
		return fmt.Errorf("x11: initialize SYNC: %w", err)
	}
	counters, err := c.call([]byte{c.idle.sync, syncListCounters, 1, 0}).Reply()
	if err != nil {
		return fmt.Errorf("x11: list counters: %w", err)
	}
	c.idle.counter, c.idle.time = findCounter(counters, "IDLETIME"), findCounter(counters, "SERVERTIME")
	if c.idle.alarm, err = c.x.NewId(); err != nil {
		return fmt.Errorf("x11: new id: %w", err)
	}
	return nil
}

// findCounter reads a ListSystemCounters reply; 0 where the name is not in it.
func findCounter(reply []byte, name string) uint32 {
	if len(reply) < 32 {
		return 0
	}
	rest := reply[32:]
	for range xgb.Get32(reply[8:]) {
		if len(rest) < 14 {
			return 0
		}
		size := int(xgb.Get16(rest[12:]))
		if len(rest) < 14+size {
			return 0
		}
		if string(rest[14:14+size]) == name {
			return xgb.Get32(rest)
		}
		rest = rest[min(len(rest), (14+size+3)&^3):]
	}
	return 0
}

// call sends a request that has a reply.
func (c *Conn) call(request []byte) *xgb.Cookie {
	cookie := c.x.NewCookie(true, true)
	c.x.NewRequest(request, cookie)
	return cookie
}

func (c *Conn) queryCounter(counter uint32) (request []byte) {
	request = []byte{c.idle.sync, syncQueryCounter, 2, 0, 0, 0, 0, 0}
	xgb.Put32(request[4:], counter)
	return request
}

// Idle asks for the time since the last input, of any device, as exact as the server knows it: milliseconds.
func (c *Conn) Idle() (time.Duration, error) {
	return c.askIdle()()
}

// askIdle sends the question; the answer is waited for when the function it gives is called.
func (c *Conn) askIdle() func() (time.Duration, error) {
	switch {
	case c.idle.counter != 0:
		return answer(c.call(c.queryCounter(c.idle.counter)), func(reply []byte) time.Duration {
			return time.Duration(int64(xgb.Get32(reply[8:]))<<32|int64(xgb.Get32(reply[12:]))) * time.Millisecond
		})
	case c.idle.saver != 0:
		request := []byte{c.idle.saver, saverQueryInfo, 2, 0, 0, 0, 0, 0}
		xgb.Put32(request[4:], uint32(c.root))
		return answer(c.call(request), func(reply []byte) time.Duration {
			return time.Duration(xgb.Get32(reply[16:])) * time.Millisecond
		})
	}
	return func() (time.Duration, error) { return 0, ErrNoIdle }
}

func answer(cookie *xgb.Cookie, read func([]byte) time.Duration) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		reply, err := cookie.Reply()
		if err != nil {
			return 0, fmt.Errorf("x11: idle time: %w", err)
		}
		return max(0, read(reply)), nil
	}
}

// ArmInput asks the server for one Input event each time the idle time, now longer, falls to below or under it, and
// gives the idle time just after the alarm was set: if that is not longer than below, an input came in between and
// the alarm may never tell of it. Nothing wakes up until then. A former alarm is replaced.
func (c *Conn) ArmInput(below time.Duration) (time.Duration, error) {
	if c.idle.counter == 0 {
		return 0, ErrNoAlarm
	}
	c.DisarmInput()
	value := uint64(max(0, below.Milliseconds()))
	request := make([]byte, 44)
	request[0], request[1], request[2] = c.idle.sync, syncCreateAlarm, 11
	xgb.Put32(request[4:], c.idle.alarm)
	xgb.Put32(request[8:], alarmAllValues)
	xgb.Put32(request[12:], c.idle.counter)
	// At 16 the value's type: 0, absolute. The delta at 32 stays 0.
	xgb.Put32(request[20:], uint32(value>>32))
	xgb.Put32(request[24:], uint32(value))
	xgb.Put32(request[28:], negativeTransition)
	request[40] = 1
	c.x.NewRequest(request, c.x.NewCookie(false, false))
	return c.Idle()
}

// DisarmInput takes the alarm of ArmInput away; without one it does nothing.
func (c *Conn) DisarmInput() {
	if c.idle.counter == 0 {
		return
	}
	request := []byte{c.idle.sync, syncDestroyAlarm, 2, 0, 0, 0, 0, 0}
	xgb.Put32(request[4:], c.idle.alarm)
	c.x.NewRequest(request, c.x.NewCookie(false, false))
}

func (c *Conn) alarm(e extensionEvent) (Event, bool) {
	if c.idle.sync == 0 || e[0]&127 != c.idle.alarmEvent || e[28] == alarmDestroyed {
		return Event{}, false
	}
	value := int64(xgb.Get32(e[8:]))<<32 | int64(xgb.Get32(e[12:]))
	return Event{Kind: Input, Ago: c.ago(xgb.Get32(e[24:])), Idle: time.Duration(max(0, value)) * time.Millisecond}, true
}
