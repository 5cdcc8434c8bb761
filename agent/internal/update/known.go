package update

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/release"
)

// aheadBy is how far ahead of the clock something may have been issued: clocks differ.
const aheadBy = 48 * time.Hour

// errNotThere: the collector does not have a file.
var errNotThere = errors.New("the collector does not have it")

// known is what an agent goes by: the keys that its build trusts, or those that followed them by signature, and the channel. Both
// are kept in the folder as they came, and verified whenever they are read.
type known struct {
	folder string
	keys   release.Trusted
	// channel is the zero one where none is known.
	channel release.Channel
	text    []byte
	// seen is the highest version that any channel had here. The files' names say it, whatever became of what is in them.
	seen int
}

// channelFile is what a version of the channel is called on the disk.
var channelFile = regexp.MustCompile(`^channel-(\d{1,9})\.json`)

func channelName(version int) string { return fmt.Sprintf("channel-%d.json", version) }

// openKnown reads what is in the folder. What does not verify counts for nothing, save a channel's version.
func openKnown(folder string, built release.Trusted) (*known, error) {
	k := &known{folder: folder, keys: built}
	for {
		name := release.TrustedName(k.keys.Version + 1)
		text, signatures, err := k.read(name)
		if err != nil {
			break
		}
		next, err := k.keys.Next(text, signatures)
		if err != nil {
			break
		}
		k.keys = next
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return k, fmt.Errorf("update: known: %w", err)
	}
	for _, entry := range entries {
		if form := channelFile.FindStringSubmatch(entry.Name()); form != nil {
			version, _ := strconv.Atoi(form[1])
			k.seen = max(k.seen, version)
		}
	}
	k.readChannel()
	return k, nil
}

// readChannel takes the channel on the disk, where the keys vouch for it.
func (k *known) readChannel() {
	k.channel, k.text = release.Channel{}, nil
	text, signatures, err := k.read(channelName(k.seen))
	if err != nil {
		return
	}
	if channel, err := k.keys.VerifyChannel(text, signatures); err == nil && channel.Version == k.seen {
		k.channel, k.text = channel, text
	}
}

func (k *known) read(name string) (text, signatures []byte, err error) {
	if text, err = os.ReadFile(filepath.Join(k.folder, name)); err != nil {
		return nil, nil, err
	}
	signatures, err = os.ReadFile(filepath.Join(k.folder, name+release.SignatureEnding))
	return text, signatures, err
}

// keep writes a file, its signatures first: a name without them counts for nothing.
func (k *known) keep(name string, text, signatures []byte) error {
	err := disk.Replace(filepath.Join(k.folder, name+release.SignatureEnding), signatures)
	if err == nil {
		err = disk.Replace(filepath.Join(k.folder, name), text)
	}
	return err
}

// learnKeys takes the version of the keys that follows; errNotThere where there is none.
func (k *known) learnKeys(get func(name string, most int64) ([]byte, error)) error {
	name := release.TrustedName(k.keys.Version + 1)
	text, signatures, err := getSigned(get, name, release.MaxTrustedBytes)
	if err != nil {
		return err
	}
	next, err := k.keys.Next(text, signatures)
	if err != nil {
		return err
	}
	if err := k.keep(name, text, signatures); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	k.keys = next
	k.readChannel()
	return nil
}

// learnChannel takes the channel that the collector hands out; an error where it is none that follows.
func (k *known) learnChannel(get func(name string, most int64) ([]byte, error), now time.Time) error {
	channel, text, signatures, err := k.getChannel(get)
	if errors.Is(err, release.ErrNotSigned) { // another may have taken its place between the two requests
		channel, text, signatures, err = k.getChannel(get)
	}
	if err == nil {
		err = ahead(release.ChannelName, channel.IssuedAt, now)
	}
	switch {
	case errors.Is(err, errNotThere):
		return errors.New("the collector has no channel")
	case err != nil:
		return err
	case bytes.Equal(text, k.text):
		return nil
	case channel.Version < k.seen:
		return fmt.Errorf("%s: version %d is older than %d, which this device has seen", release.ChannelName, channel.Version, k.seen)
	case channel.Version == k.channel.Version:
		return fmt.Errorf("%s: there are two of version %d", release.ChannelName, channel.Version)
	}
	if err := k.keep(channelName(channel.Version), text, signatures); err != nil {
		return fmt.Errorf("%s: %w", release.ChannelName, err)
	}
	k.channel, k.text, k.seen = channel, text, channel.Version
	return k.removeFormer()
}

func (k *known) getChannel(get func(name string, most int64) ([]byte, error)) (channel release.Channel, text, signatures []byte, err error) {
	if text, signatures, err = getSigned(get, release.ChannelName, release.MaxChannelBytes); err == nil {
		channel, err = k.keys.VerifyChannel(text, signatures)
	}
	return channel, text, signatures, err
}

// removeFormer removes the channels before.
func (k *known) removeFormer() error {
	entries, err := os.ReadDir(k.folder)
	for _, entry := range entries {
		form := channelFile.FindStringSubmatch(entry.Name())
		if form == nil || form[1] == strconv.Itoa(k.seen) {
			continue
		}
		err = errors.Join(err, os.Remove(filepath.Join(k.folder, entry.Name())))
	}
	return err
}

// counts tells why nothing may be installed by the channel; nil: it counts.
func (k *known) counts(now time.Time) error {
	switch {
	case k.channel.Version == 0:
		return errors.New("nothing is installed: no channel is known that says which releases are meant to run")
	case k.channel.Expired(now):
		return fmt.Errorf("nothing is installed: the channel expired on %s, and the collector has no newer one", day(k.channel.ExpiresAt))
	}
	return nil
}

// ahead tells that something was issued later than it can have been.
func ahead(name string, issuedAt, now time.Time) error {
	if issuedAt.After(now.Add(aheadBy)) {
		return fmt.Errorf("%s: it says that it was issued on %s, more than 48 hours from now (by the clock, %s)", name, day(issuedAt), day(now))
	}
	return nil
}

// day is a date as people read it.
func day(at time.Time) string { return at.UTC().Format("2006-01-02") }

// getSigned gets a file and its signatures.
func getSigned(get func(name string, most int64) ([]byte, error), name string, most int64) (text, signatures []byte, err error) {
	if text, err = get(name, most); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	name += release.SignatureEnding
	if signatures, err = get(name, release.MaxSignatureBytes); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return text, signatures, nil
}
