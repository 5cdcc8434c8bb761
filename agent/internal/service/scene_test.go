package service

import (
	"testing"

	"github.com/dayline-project/dayline/agent/internal/health"
)

// TestFactsTellTheZoneOfNow: a computer travels, or its summer ends, while the service runs; what was told before stays
// what it was, since it is compared with.
func TestFactsTellTheZoneOfNow(t *testing.T) {
	s := &Service{}
	s.facts()
	s.factsNow.TimeZone = "where it was"
	before := s.factsNow
	if now := s.facts(); now.TimeZone != health.Zone() || now.Os != before.Os || before.TimeZone != "where it was" {
		t.Errorf("told %q after %q", now.TimeZone, before.TimeZone)
	}
}
