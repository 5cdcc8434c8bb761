package enroll_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/shared/token"
)

// waiting is a device that is not enrolled, and what was left for it.
type waiting struct {
	folder string
	// mu guards what follows.
	mu sync.Mutex
	// left are the carriers' strings, in their order.
	left [3]string
	// tried are the secrets it was enrolled by, in that order; answer is what becomes of it.
	tried  []string
	answer map[string]error
	enroll.Awaiter
}

func secretOf(letter string) string { return strings.Repeat(letter, 40) }

func stringOf(letter string) string {
	return token.Token{Addresses: []string{letter + ".example:8443"}, Trust: token.TrustSystem, Secret: secretOf(letter)}.Encode()
}

var errNoAnswer = errors.New("no answer")

func newWaiting(t *testing.T, left ...string) *waiting {
	w := &waiting{folder: t.TempDir(), answer: map[string]error{}}
	copy(w.left[:], left)
	w.Awaiter = enroll.Awaiter{Folder: w.folder, Log: slog.New(slog.DiscardHandler), Enrol: w.enrol}
	for i := range w.left {
		w.Carriers = append(w.Carriers, enroll.Managed([]string{"the file", "the profile", "the policy"}[i], func() (string, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.left[i] == "" {
				return "", enroll.ErrNoString
			}
			return w.left[i], nil
		}))
	}
	return w
}

func (w *waiting) enrol(ctx context.Context, t token.Token, say func(string)) error {
	letter := t.Secret[:1]
	w.mu.Lock()
	w.tried = append(w.tried, letter)
	err := w.answer[letter]
	w.mu.Unlock()
	if errors.Is(err, errNoAnswer) {
		say("the collector does not answer; trying again in 1m0s")
		<-ctx.Done()
		return ctx.Err()
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(w.folder, "identity.json"), nil, 0o600)
	}
	return err
}

// leave puts strings in place of those that were left.
func (w *waiting) leave(left ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = [3]string{}
	copy(w.left[:], left)
}

// answering has a collector answer so from now on.
func (w *waiting) answering(err error, letters ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, letter := range letters {
		w.answer[letter] = err
	}
}

// after lets so much time go by, and tells whether it has ended.
func (w *waiting) after(t *testing.T, wait time.Duration, ended chan error) bool {
	t.Helper()
	time.Sleep(wait)
	synctest.Wait()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
		return true
	default:
		return false
	}
}

func (w *waiting) run(ctx context.Context) chan error {
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	return ended
}

func TestTheFirstCarrierIsHeededAndTheLastToComeBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(t, "", stringOf("b"), stringOf("c"))
		w.answering(errNoAnswer, "a", "b", "d")
		ended := w.run(t.Context())
		if w.after(t, time.Minute, ended) || strings.Join(w.tried, "") != "b" {
			t.Fatalf("tried %q", w.tried)
		}
		if words := w.Words(); !strings.HasPrefix(words, "enrolling with b.example:8443: the collector does not answer") {
			t.Errorf("says %q", words)
		}
		w.leave("", stringOf("b"), stringOf("d"))
		if w.after(t, 3*time.Second, ended) || strings.Join(w.tried, "") != "bd" {
			t.Fatalf("a string that came late: tried %q", w.tried)
		}
		w.leave("\n"+strings.ToUpper(stringOf("d")), stringOf("b")) // the same, spelt otherwise
		if w.after(t, 3*time.Second, ended) || strings.Join(w.tried, "") != "bd" {
			t.Fatalf("the same again: tried %q", w.tried)
		}
		w.leave(stringOf("a"))
		if w.after(t, 3*time.Second, ended) || strings.Join(w.tried, "") != "bda" {
			t.Fatalf("what is left alone: tried %q", w.tried)
		}
		w.leave()
		if w.after(t, 3*time.Second, ended) || w.Words() != "" {
			t.Errorf("once nothing is left it says %q", w.Words())
		}
		w.leave("", stringOf("e"))
		if !w.after(t, 3*time.Second, ended) {
			t.Errorf("not enrolled; tried %q, says %q", w.tried, w.Words())
		}
	})
}

func TestARefusedStringIsLeftAloneForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(t, stringOf("a"), stringOf("b"))
		w.answering(errors.New("it has expired"), "a")
		w.answering(errors.New("it was revoked"), "b")
		ended := w.run(t.Context())
		if w.after(t, 59*time.Minute, ended) || strings.Join(w.tried, "") != "ab" || w.Words() != "it was revoked" {
			t.Fatalf("tried %q, says %q", w.tried, w.Words())
		}
		w.answering(nil, "a")
		if !w.after(t, 2*time.Minute, ended) || strings.Join(w.tried, "") != "aba" {
			t.Errorf("tried %q, says %q", w.tried, w.Words())
		}
	})
}

func TestAStringThatIsNotWholeIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(t, "dl1abc")
		ctx, stop := context.WithCancel(t.Context())
		ended := w.run(ctx)
		if w.after(t, 3*time.Second, ended) || !strings.Contains(w.Words(), "the enrolment string in the file cannot be used") || strings.Contains(w.Words(), "dl1abc") {
			t.Errorf("says %q", w.Words())
		}
		w.answering(errNoAnswer, "b")
		w.leave("dl1abc", stringOf("b"))
		if w.after(t, 3*time.Second, ended) || strings.Join(w.tried, "") != "b" {
			t.Errorf("beside it: tried %q", w.tried)
		}
		stop()
		if !w.after(t, 0, ended) {
			t.Error("goes on after its end")
		}
	})
}

// A command may have enrolled the device meanwhile.
func TestAnEnrolledDeviceAwaitsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting(t, stringOf("a"))
		w.answering(errNoAnswer, "a")
		ended := w.run(t.Context())
		w.after(t, time.Second, ended)
		if err := os.WriteFile(filepath.Join(w.folder, "identity.json"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if !w.after(t, 3*time.Second, ended) {
			t.Error("still tries")
		}
	})
}
