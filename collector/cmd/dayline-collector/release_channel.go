package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

// channelIssue is what both commands that issue a channel take.
type channelIssue struct {
	signing
	Trusted []string          `placeholder:"FILE" help:"Trusted keys, where another of them signed the channel before. Of those of a later version, it follows whatever earlier ones signed."`
	Newest  map[string]string `placeholder:"OS=VERSION" help:"What computers of a system should run. Others keep theirs."`
}

type releaseChannel struct {
	Folder string `arg:"" name:"FOLDER" help:"The folder of channel.json: beside your keys, not the packages, since each one follows the one before."`
	channelIssue
	Floor    map[string]string `placeholder:"OS=VERSION" help:"The oldest that may be installed on a system, even where an older one is pinned."`
	Withdraw []string          `placeholder:"VERSION" help:"A version that may be installed nowhere any more."`
}

// Run issues the channel that follows the one in the folder, or the first; without a change it counts for 90 days more.
func (c *releaseChannel) Run(i *invocation) error {
	return c.issue(i, c.Folder, func(channel *release.Channel) error {
		for system, floor := range c.Floor {
			aim, ok := channel.Systems[system]
			if !ok {
				return usage("--floor: the channel has no %s; --newest %[1]s=VERSION brings it in", system)
			}
			aim.Floor = floor
			channel.Systems[system] = aim
		}
		channel.Withdrawn = append(channel.Withdrawn, c.Withdraw...)
		return nil
	})
}

type releaseWithdraw struct {
	Versions []string `arg:"" name:"VERSION" help:"What may be installed nowhere any more."`
	In       string   `required:"" placeholder:"FOLDER" help:"The folder of channel.json."`
	channelIssue
}

// Run issues the channel without versions.
func (c *releaseWithdraw) Run(i *invocation) error {
	return c.issue(i, c.In, func(channel *release.Channel) error {
		if channel.IssuedAt.IsZero() {
			return fmt.Errorf("%s has no %s to withdraw a release from: `dayline-collector release channel` makes the first", c.In, release.ChannelName)
		}
		channel.Withdrawn = append(channel.Withdrawn, c.Versions...)
		return nil
	})
}

// issue writes and signs the channel that follows the one in a folder, once it is changed. What is changed has no IssuedAt where it
// is the first.
func (c channelIssue) issue(i *invocation, folder string, change func(*release.Channel) error) error {
	keys, err := c.read()
	if err != nil {
		return err
	}
	name := filepath.Join(folder, release.ChannelName)
	known, err := c.known(keys)
	if err != nil {
		return err
	}
	channel, err := c.former(name, known)
	if err != nil {
		return err
	}
	first := channel.IssuedAt.IsZero()
	if channel.Version++; len(c.Trusted) > 0 {
		channel.Version = max(channel.Version, known.FirstChannel())
	}
	for system, newest := range c.Newest {
		aim := channel.Systems[system]
		aim.Newest = newest
		channel.Systems[system] = aim
	}
	if err := change(&channel); err != nil {
		return err
	}
	channel.IssuedAt = time.Now().UTC().Truncate(time.Second)
	channel.ExpiresAt = channel.IssuedAt.Add(release.ChannelLasts)
	text, err := channel.Encode()
	if err == nil {
		_, err = release.ParseChannel(text)
	}
	switch {
	case errors.Is(err, release.ErrWithdrawn) || errors.Is(err, release.ErrBelowFloor):
		return usage("%v; --newest OS=VERSION says what computers should run instead", err)
	case err != nil:
		return usage("%v", err)
	}
	signatures, by, err := sign(token.ChannelStatement(text), nil, keys)
	if err != nil {
		return err
	}
	// Of a crash between the two, the next run says that the signature is of another file.
	if err := disk.Replace(name, text); err != nil {
		return err
	}
	if err := disk.Replace(name+release.SignatureEnding, signatures); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "Channel %d is signed by %s and counts until %s: %s.\n", channel.Version, by, channel.ExpiresAt.Format(time.DateOnly), describe(channel))
	if first {
		fmt.Fprintf(i.err, "It is the first, since %s held none: a collector that has one already takes only newer ones.\n", folder)
	}
	fmt.Fprintln(i.out, name)
	fmt.Fprintln(i.out, name+release.SignatureEnding)
	return nil
}

// known gives the keys that may have signed the channel before: those that sign now and those trusted, with the newest version.
func (c channelIssue) known(keys []ed25519.PrivateKey) (known release.Trusted, err error) {
	for _, name := range c.Trusted {
		trusted, err := readTrusted(name)
		if err != nil {
			return known, err
		}
		known.Version, known.Keys = max(known.Version, trusted.Version), append(known.Keys, trusted.Keys...)
	}
	if len(c.Trusted) == 0 {
		known.Version = release.MaxTrustedVersion // which it is, nobody said
	}
	for _, key := range keys {
		known.Keys = append(known.Keys, key.Public().(ed25519.PublicKey))
	}
	return known, nil
}

// former gives the channel that was issued last, if it is signed by a key that is known: whoever changed it elsewhere would have it
// signed here.
func (c channelIssue) former(name string, known release.Trusted) (release.Channel, error) {
	first := release.Channel{Product: release.Product, Systems: map[string]release.Aim{}}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return first, nil
	} else if err != nil {
		return first, err
	}
	signatures, err := os.ReadFile(name + release.SignatureEnding)
	if err != nil {
		return first, err
	}
	former, err := known.VerifyChannel(text, signatures)
	if errors.Is(err, release.ErrNotSigned) && len(c.Trusted) == 0 {
		return first, fmt.Errorf("%w (if another of your keys did, say --trusted FILE)", err)
	}
	return former, err
}

// describe gives what a channel says, in a line.
func describe(channel release.Channel) string {
	var words []string
	for _, system := range slices.Sorted(maps.Keys(channel.Systems)) {
		word := system + " " + channel.Systems[system].Newest
		if floor := channel.Systems[system].Floor; floor != "" {
			word += " (not below " + floor + ")"
		}
		words = append(words, word)
	}
	if len(channel.Withdrawn) > 0 {
		words = append(words, "withdrawn "+strings.Join(channel.Withdrawn, ", "))
	}
	return strings.Join(words, "; ")
}
