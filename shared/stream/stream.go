// Package stream is the numbered run of episodes one run of the agent's service produces: the record the agent
// buffers, the digest that ties each record to all before it, and the batch that carries records to the collector.
//
// A stream counts from 1. The digest of an empty stream is zero; the digest after a record is the first 16 bytes of
// SHA-256(digest before ‖ the record's canonical bytes). Both sides compute it, so a stream that was copied back and
// went on differently is noticed.
package stream

import (
	"github.com/dayline-project/dayline/shared/episode"
)

// ID names one run of the service: 16 random bytes.
type ID [16]byte

// Digest of a stream up to and including a record.
type Digest [16]byte

// Login is an account as the operating system knows it.
type Login struct {
	// Authority is the directory identity (a realm; a SID's domain); empty for an account local to the device.
	Authority string `json:"authority,omitempty"`
	// Account is the name or, with an authority, the identity there.
	Account string `json:"account"`
	// Name is DOMAIN\name as shown to people. It is no part of the identity.
	Name string `json:"name"`
}

// Record is one closed episode with whose it is.
type Record struct {
	Login Login
	// Session names one login session's run of observation on the device: at most 32 bytes of printable ASCII.
	Session string
	// Product is the application's name for people, from its version resource, bundle or desktop entry.
	Product string
	// Bundle is the application's bundle identifier ("com.apple.Safari"), on a Mac.
	Bundle string
	episode.Episode
}

// Bounds of a batch; the collector refuses what exceeds them and the agent stays inside them.
const (
	MaxEpisodes     = 5000
	MaxStrings      = 20000
	MaxStringBytes  = 2 << 10
	MaxStringsBytes = 4 << 20
	MaxTitleRunes   = 512
	MaxURLBytes     = 2 << 10
	MaxBodyBytes    = 1 << 20
	MaxDecodedBytes = 8 << 20
)
