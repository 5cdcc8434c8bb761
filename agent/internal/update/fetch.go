package update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/release"
)

const (
	// leastPace bytes have to come within each paceFor, else the download is broken off, and goes on from there another time.
	leastPace = 64 << 10
	paceFor   = time.Minute
	// room is how often a package has to find room on the disk: as it is, unpacked, beside the program, and the buffer's copy.
	room = 4
	// partEnding of a package's name, in the folder.
	partEnding = ".part"
)

// busyError: the collector asks to come back later.
type busyError struct{ after time.Duration }

func (e busyError) Error() string { return "the collector is busy" }

// unreachedError: the collector did not answer.
type unreachedError struct{ error }

func (e unreachedError) Unwrap() error { return e.error }

var errSlow = fmt.Errorf("less than %d KB came in a minute", leastPace>>10)

// fetch loads a package into a file of the folder, going on from what is there; never more than its manifest says. Whole tells that
// all of it is of now.
func (u *Updater) fetch(ctx context.Context, version release.Version, p release.Package) (part string, whole bool, err error) {
	part = filepath.Join(u.folder, p.Name+partEnding)
	for _, other := range matching(u.folder, "*"+partEnding) {
		if other != part {
			_ = os.Remove(other) // what is ordered in turns fills no disk
		}
	}
	file, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", false, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	has, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return "", false, err
	}
	if has > p.Size {
		has = 0
	}
	if has == p.Size {
		return part, false, nil
	}
	for _, folder := range []string{u.folder, filepath.Dir(u.Host.Target())} {
		if free, err := disk.Free(folder); err == nil && free < room*p.Size-has {
			return "", false, errors.Join(fmt.Errorf("the disk has too little room: %d MB are free, %d needed", free>>20, (room*p.Size-has)>>20), os.Remove(part))
		}
	}
	from, err := u.load(ctx, release.Path+version.String()+"/"+p.Name, file, has, p.Size)
	var full diskError
	if errors.As(err, &full) {
		err = errors.Join(err, os.Remove(part))
	}
	return part, from == 0, err
}

// diskError: what came could not be written.
type diskError struct{ error }

func (e diskError) Unwrap() error { return e.error }

// load gets a file's bytes from one on, or from the first where the collector hands out all, and tells which.
func (u *Updater) load(ctx context.Context, path string, file *os.File, has, size int64) (from int64, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	answer, err := u.Get(ctx, path, has)
	if err != nil {
		return has, err
	}
	defer answer.Body.Close()
	from, err = begins(answer, has, size)
	if err != nil {
		return has, err
	}
	if err := file.Truncate(from); err != nil {
		return from, diskError{err}
	}
	if _, err := file.Seek(from, io.SeekStart); err != nil {
		return from, diskError{err}
	}
	slow := time.AfterFunc(u.paceFor, func() { cancel(errSlow) })
	defer slow.Stop()
	block, paced := make([]byte, 32<<10), 0
	for at := from; ; {
		n, err := answer.Body.Read(block)
		if at += int64(n); at > size {
			return from, fmt.Errorf("the collector sends more than the %d bytes that were signed", size)
		}
		if _, err := file.Write(block[:n]); err != nil {
			return from, diskError{err}
		}
		if paced += n; paced >= leastPace {
			paced = 0
			slow.Reset(u.paceFor)
		}
		u.waking.look(time.Now())
		switch {
		case errors.Is(err, io.EOF) && at < size:
			return from, fmt.Errorf("the collector sent %d of %d bytes", at, size)
		case errors.Is(err, io.EOF):
			return from, nil
		case err != nil && context.Cause(ctx) != nil:
			return from, fmt.Errorf("broken off after %d of %d bytes: %w", at, size, context.Cause(ctx))
		case err != nil:
			return from, fmt.Errorf("broken off after %d of %d bytes: %w", at, size, err)
		}
	}
}

// begins tells which byte an answer begins with.
func begins(answer *http.Response, has, size int64) (from int64, err error) {
	switch answer.StatusCode {
	case http.StatusOK:
		if answer.ContentLength >= 0 && answer.ContentLength != size {
			return 0, fmt.Errorf("the collector sends %d bytes, and %d were signed", answer.ContentLength, size)
		}
		return 0, nil
	case http.StatusPartialContent:
		wanted := fmt.Sprintf("bytes %d-%d/%d", has, size-1, size)
		if given := answer.Header.Get("Content-Range"); given != wanted {
			return 0, fmt.Errorf("the collector sends %.60q, and not %q", given, wanted)
		}
		return has, nil
	}
	return 0, refusal(answer)
}

// refusal is what an answer says that is no file.
func refusal(answer *http.Response) error {
	switch code := answer.StatusCode; {
	case code == http.StatusNotFound:
		return errNotThere
	case code == http.StatusServiceUnavailable || code == http.StatusTooManyRequests:
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
		return busyError{min(max(time.Duration(seconds)*time.Second, 0), lastRetry)}
	case code >= 300 && code < 400:
		return errors.New("the collector sends elsewhere, and nothing is fetched from there")
	default:
		return fmt.Errorf("the collector answers %d %s", code, strings.ToLower(http.StatusText(code)))
	}
}

// get gets a small file below release.Path.
func (u *Updater) get(ctx context.Context, name string, most int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, u.paceFor)
	defer cancel()
	answer, err := u.Get(ctx, release.Path+name, 0)
	if err != nil {
		return nil, unreachedError{err}
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, refusal(answer)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("broken off: %w", err)
	case int64(len(text)) > most:
		return nil, fmt.Errorf("it has more than %d bytes", most)
	}
	return text, nil
}
