package access

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/dayline-project/dayline/collector"
)

// cheap is a cost for tests.
var cheap = Cost{MemoryKiB: 64, Passes: 1}

func TestHash(t *testing.T) {
	h := newHashing(cheap)
	first, err := h.hash(t.Context(), "correct horse battery")
	if err != nil || !strings.HasPrefix(first, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatal(first, err)
	}
	second, err := h.hash(t.Context(), "correct horse battery")
	if err != nil || first == second {
		t.Error("no salt", err)
	}
	// Another cost now: the parameters are those of the hash.
	dearer := newHashing(Cost{MemoryKiB: 128, Passes: 2})
	for password, want := range map[string]bool{"correct horse battery": true, "correct horse batterY": false, "": false} {
		if got, err := dearer.verify(t.Context(), first, password); err != nil || got != want {
			t.Errorf("%q: %t, %v", password, got, err)
		}
	}
	for _, damaged := range []string{"x", first[:len(first)-5], strings.Replace(first, "m=64", "m=99999999", 1), first + "$", strings.Replace(first, "t=1", "t=0", 1)} {
		if ok, err := h.verify(t.Context(), damaged, "correct horse battery"); ok || err == nil {
			t.Errorf("%q: %t, %v", damaged, ok, err)
		}
	}
}

// Whoever does not exist costs what others cost, and has no password.
func TestNobodyCostsTheSame(t *testing.T) {
	h := newHashing(cheap)
	cost, _, hash, err := decode(h.nobody)
	if err != nil || cost != cheap || len(hash) != hashBytes {
		t.Error(cost, err)
	}
	if ok, err := h.verify(t.Context(), "", ""); ok || err != nil {
		t.Error(ok, err)
	}
}

func TestPasswordRules(t *testing.T) {
	for password, good := range map[string]bool{
		"twelve chars": true, "elevenchars": false, "ééééééééééé": false, "éééééééééééé": true, strings.Repeat("x", 256): true,
		strings.Repeat("x", 257): false, "ADA@example.com": false, "not utf-8 \xff\xff\xff": false,
	} {
		if err := checkPassword("ada@example.com", password); (err == nil) != good {
			t.Errorf("%q: %v", password, err)
		}
	}
}

// Two hash, 32 wait, and whoever comes then is told to come back; one who gives up makes room.
func TestHashingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHashing(cheap)
		var leaving []func()
		for range maxHashing {
			leave, err := h.enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			leaving = append(leaving, leave)
		}
		impatient, giveUp := context.WithCancel(t.Context())
		var entered, gaveUp atomic.Int32
		wait := func(ctx context.Context) {
			leave, err := h.enter(ctx)
			if errors.Is(err, context.Canceled) {
				gaveUp.Add(1)
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			entered.Add(1)
			leave()
		}
		for range maxWaiting - 1 {
			go wait(t.Context())
		}
		go wait(impatient)
		synctest.Wait()
		if _, err := h.enter(t.Context()); collector.CodeOf(err) != collector.TooMany {
			t.Errorf("one more: %v", err)
		}
		giveUp()
		synctest.Wait()
		go wait(t.Context())
		synctest.Wait()
		if entered.Load() != 0 || gaveUp.Load() != 1 {
			t.Errorf("%d entered beside two, %d gave up", entered.Load(), gaveUp.Load())
		}
		for _, leave := range leaving {
			leave()
		}
		synctest.Wait()
		if entered.Load() != maxWaiting || len(h.running) != 0 || len(h.waiting) != 0 {
			t.Errorf("%d entered; left: %d, %d", entered.Load(), len(h.running), len(h.waiting))
		}
	})
}
