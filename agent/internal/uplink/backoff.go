package uplink

import (
	"math/rand/v2"
	"time"
)

const (
	firstRetry    = time.Second
	lastRetry     = 5 * time.Minute
	maxRetryAfter = time.Hour
	// idleEvery is the time between contacts while no session is in use.
	idleEvery = 5 * time.Minute
	// revokedEvery is how often a revoked device asks whether it still is.
	revokedEvery = time.Hour
)

// retryIn gives how long to wait after so many failures in a row (from 1): full jitter over a doubling span, so that a
// fleet does not come back in step; asked is what the collector asked for, and is kept to with a tenth of jitter.
func retryIn(failures int, asked time.Duration, random func() float64) time.Duration {
	if asked > 0 {
		return asked + time.Duration(random()*float64(asked)/10)
	}
	span := lastRetry
	if failures < 10 {
		span = min(firstRetry<<max(failures-1, 0), lastRetry)
	}
	return firstRetry/2 + time.Duration(random()*float64(span))
}

// nextIn gives how long to wait after an answer: the setting with 15 % of jitter while a session is in use.
func nextIn(inUse bool, every, asked time.Duration, random func() float64) time.Duration {
	if asked > 0 {
		return min(asked, maxRetryAfter)
	}
	if !inUse {
		every = idleEvery
	}
	return every + time.Duration((random()*0.3-0.15)*float64(every))
}

func random() float64 { return rand.Float64() }
