package collector

import "github.com/dayline-project/dayline/shared/stream"

// StreamHead is how far a stream is stored.
type StreamHead struct {
	StreamKey
	Last   uint64
	Digest stream.Digest
}
