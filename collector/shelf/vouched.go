package shelf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/release"
)

// Vouched is what releases are verified by. It is made off-line: whoever holds the collector can neither make nor alter it.
type Vouched struct {
	// Trusted are the newest keys that follow from those of the build. The zero ones: it has none, and takes any release.
	Trusted release.Trusted
	// Channel says what may be installed; nil: nobody said.
	Channel *release.Channel
	// Problem: keys or a channel lie on the shelf that do not verify. Nobody knows what was withdrawn, so nothing is handed out.
	Problem error

	// letters are the channel, the keys that follow from those of the build, and what signed them, by name, as they were added.
	letters map[string][]byte
}

// letter names a file that is verified before any package is taken: it says what may be.
var letter = regexp.MustCompile(`^(release|channel|trusted(-[1-9]\d{0,4})?)\.json(\.sig)?$`)

// IsLetter tells whether a file of this name is sent before the packages.
func IsLetter(name string) bool { return letter.MatchString(name) }

// maxLetters are taken together.
const maxLetters = 64

// keyFiles have the number of a version of the keys in their names, channelFiles that of the channel, for which its signatures
// are there first: so no channel is ever there with the signatures of another.
var (
	keyFiles     = regexp.MustCompile(`^trusted-(\d+)\.json$`)
	channelFiles = regexp.MustCompile(`^channel-([1-9]\d{0,8})\.json$`)
)

func channelFile(version int) string { return fmt.Sprintf("channel-%d.json", version) }

// vouch gives what releases are verified by: the keys of the build, what lies on the shelf and the letters that are sent. fresh names
// those of them that the shelf lacks; refused is why they are not taken.
func vouch(dir string, built release.Trusted, letters map[string][]byte) (v Vouched, fresh []string, refused error) {
	if v.Trusted, v.letters = built, map[string][]byte{}; built.Version == 0 {
		for name := range letters {
			if name != release.ManifestName && name != release.ManifestName+release.SignatureEnding {
				return v, nil, fmt.Errorf("%s is of no use here: this collector was built without release keys, and cannot tell who made it", name)
			}
		}
		return v, nil, nil
	}
	led, refused := v.lead(dir, letters)
	if refused != nil {
		return v, nil, refused
	}
	if fresh, refused = v.follow(dir, letters); refused != nil {
		return v, nil, refused
	}
	fresh = append(fresh, led...)
	if v.Problem == nil {
		isFresh, err := v.aim(dir, letters)
		if err != nil {
			return v, nil, err
		}
		if isFresh {
			fresh = append(fresh, release.ChannelName)
		}
	} else if len(letters) > 0 {
		return v, nil, v.Problem
	}
	if v.Problem != nil {
		v.Problem = fmt.Errorf("%w: nothing is handed out until it is added as a trusted key signed it", v.Problem)
	}
	return v, fresh, nil
}

// lead keeps what leads up to the keys of the build, for agents whose builds have earlier ones. Who signed the first of it is theirs to
// tell; all that is asked for here is that it ends where this build stands, so it is replaced by any other that does.
func (v *Vouched) lead(dir string, letters map[string][]byte) (fresh []string, refused error) {
	var after, signed []byte
	for version := v.Trusted.Version; version > 1; version-- {
		name := release.TrustedName(version)
		text, signatures, err := readSigned(filepath.Join(dir, name))
		sent, isSent := letters[name]
		isSent = isSent && (!bytes.Equal(sent, text) || !bytes.Equal(letters[name+release.SignatureEnding], signatures))
		if isSent {
			text, signatures, err = sent, letters[name+release.SignatureEnding], nil
		}
		if err == nil {
			err = v.leads(version, text, after, signed)
		}
		if err == nil {
			_, err = release.ParseSignatures(signatures)
		}
		if err != nil && isSent {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err != nil {
			break
		}
		if isSent {
			fresh = append(fresh, name)
		}
		maps.Copy(v.letters, lettersOf(name, text, signatures))
		after, signed = text, signatures
	}
	for version := 2; version < v.Trusted.Version; version++ {
		if name := release.TrustedName(version); letters[name] != nil && v.letters[name] == nil {
			return nil, fmt.Errorf("%s: %s, which follows it, is missing", name, release.TrustedName(version+1))
		}
	}
	return fresh, nil
}

// leads tells why keys of a version are not those of the build, nor ones that signed the version after them.
func (v *Vouched) leads(version int, text, after, signed []byte) error {
	keys, err := release.ParseTrusted(text)
	if err != nil {
		return err
	}
	if version < v.Trusted.Version {
		_, err = keys.Next(after, signed)
		return err
	}
	if keys.Version != version || !slices.Equal(keys.IDs(), v.Trusted.IDs()) {
		return fmt.Errorf("these are not the keys of version %d that this build trusts", version)
	}
	return nil
}

// follow goes on to the newest keys. Those that lie on the shelf are not replaced: a key that was stolen could sign others.
func (v *Vouched) follow(dir string, letters map[string][]byte) (fresh []string, refused error) {
	for {
		name := release.TrustedName(v.Trusted.Version + 1)
		text, signatures, err := readSigned(filepath.Join(dir, name))
		next := release.Trusted{}
		if err == nil {
			next, err = v.Trusted.Next(text, signatures)
		}
		if sent, isSent := letters[name]; err != nil && isSent {
			text, signatures = sent, letters[name+release.SignatureEnding]
			if next, refused = v.Trusted.Next(text, signatures); refused != nil {
				return nil, fmt.Errorf("%s: %w", name, refused)
			}
			fresh, err = append(fresh, name), nil
		}
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				v.Problem = fmt.Errorf("shelf: %s: %w", name, err)
			}
			break
		}
		v.Trusted = next
		maps.Copy(v.letters, lettersOf(name, text, signatures))
	}
	for _, name := range slices.Sorted(maps.Keys(letters)) {
		if number := keyFiles.FindStringSubmatch(name); number != nil {
			if version, _ := strconv.Atoi(number[1]); version > v.Trusted.Version {
				return nil, fmt.Errorf("%s: %s, which it follows, is missing", name, release.TrustedName(version-1))
			}
		}
	}
	return fresh, nil
}

// aim takes the channel that was sent, or the one that is there.
func (v *Vouched) aim(dir string, letters map[string][]byte) (fresh bool, refused error) {
	former := slices.Max(append(channelsIn(dir), 0))
	thereText, thereSignatures, err := readSigned(filepath.Join(dir, channelFile(former)))
	there, problem := release.Channel{}, err
	if err == nil {
		there, problem = v.Trusted.VerifyChannel(thereText, thereSignatures)
	}
	text, isSent := letters[release.ChannelName]
	if !isSent {
		switch {
		case problem == nil:
			v.Channel = &there
			maps.Copy(v.letters, lettersOf(release.ChannelName, thereText, thereSignatures))
		case !errors.Is(problem, fs.ErrNotExist):
			v.Problem = fmt.Errorf("shelf: %w", problem)
		}
		return false, nil
	}
	signatures := letters[release.ChannelName+release.SignatureEnding]
	sent, err := v.Trusted.VerifyChannel(text, signatures)
	if err != nil {
		return false, err
	}
	v.Channel = &sent
	maps.Copy(v.letters, lettersOf(release.ChannelName, text, signatures))
	if bytes.Equal(text, thereText) { // again, or with another key's signature
		return !bytes.Equal(signatures, thereSignatures), nil
	}
	if problem != nil && sent.Version == former {
		return true, nil // what does not verify is replaced by what is as new, and still not by what is older
	}
	return true, sent.Follows(release.Channel{Version: former})
}

// channelsIn gives the versions of the channels in a folder.
func channelsIn(dir string) (versions []int) {
	entries, _ := os.ReadDir(dir) // there is none before something was added
	for _, entry := range entries {
		if number := channelFiles.FindStringSubmatch(entry.Name()); number != nil {
			version, _ := strconv.Atoi(number[1])
			versions = append(versions, version)
		}
	}
	return versions
}

// lettersOf gives a file and its signatures by name, nothing in the place of what is missing.
func lettersOf(name string, text, signatures []byte) map[string][]byte {
	letters := map[string][]byte{name: text, name + release.SignatureEnding: signatures}
	maps.DeleteFunc(letters, func(_ string, content []byte) bool { return len(content) == 0 })
	return letters
}

// readSigned reads a file and its signatures, nothing where these are missing.
func readSigned(name string) (text, signatures []byte, err error) {
	if text, err = readLetter(name); err != nil {
		return nil, nil, err
	}
	if signatures, err = readLetter(name + release.SignatureEnding); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return text, signatures, err
}

func readLetter(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, release.MaxManifestBytes+1)) // the largest; what is cut off has no valid signature
}

// keep puts letters on the shelf.
func (v Vouched) keep(dir string, fresh []string, letters map[string][]byte) error {
	for _, name := range fresh {
		to := name
		if name == release.ChannelName {
			to = channelFile(v.Channel.Version)
		}
		to = filepath.Join(dir, to)
		if err := disk.Replace(to+release.SignatureEnding, letters[name+release.SignatureEnding]); err != nil {
			return err
		}
		if err := disk.Replace(to, letters[name]); err != nil {
			return err
		}
	}
	for _, version := range channelsIn(dir) {
		if v.Channel != nil && version < v.Channel.Version {
			former := filepath.Join(dir, channelFile(version))
			if err := errors.Join(os.Remove(former), os.RemoveAll(former+release.SignatureEnding)); err != nil {
				return err
			}
		}
	}
	return nil
}

// manifest reads a release's, signed by whom it has to be.
func (v Vouched) manifest(text, signatures []byte) (release.Manifest, error) {
	if v.Trusted.Version > 0 {
		return v.Trusted.VerifyManifest(text, signatures)
	}
	return release.ParseManifest(text) // signatures are kept for a build that knows the keys
}

// allows tells why a version is not handed out for a system.
func (v Vouched) allows(system string, version release.Version) error {
	switch {
	case v.Problem != nil:
		return v.Problem
	case v.Channel != nil:
		return v.Channel.Allows(system, version)
	}
	return nil
}
