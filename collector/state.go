package collector

import "time"

// How long a device may be away before its state changes (reports.md, devices).
const (
	healthyFor = 24 * time.Hour
	staleAfter = 7 * 24 * time.Hour
	lostAfter  = 30 * 24 * time.Hour
)

// State of a device: healthy (contact in 24 h and an episode in 7 days), stale (no contact for 7 to 30 days), lost (over
// 30), else quiet. Before its first contact and episode, its enrolment counts as both.
func (d Device) State(now time.Time) string {
	contact, episode := d.LastContactAt, d.LastEpisodeAt
	if contact.Before(d.EnrolledAt) {
		contact = d.EnrolledAt
	}
	if episode.Before(d.EnrolledAt) {
		episode = d.EnrolledAt
	}
	switch away := now.Sub(contact); {
	case away > lostAfter:
		return "lost"
	case away > staleAfter:
		return "stale"
	case away <= healthyFor && now.Sub(episode) <= staleAfter:
		return "healthy"
	}
	return "quiet"
}
