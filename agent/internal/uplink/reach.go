package uplink

import "context"

// Reached tells whether the collector that is trusted answers, to whoever asks.
func Reached(ctx context.Context, trusted *Trusted) bool {
	client := NewClient(trusted, nil)
	defer client.Close()
	_, err := challenge(ctx, client)
	return err == nil
}
