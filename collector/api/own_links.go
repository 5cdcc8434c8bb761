package api

import (
	"context"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/link"
)

// maxOwnLinks that somebody who is no administrator may have valid at once: enough for anybody's own computers.
const maxOwnLinks = 10

// ownLinks gives the links that a viewer sees and may revoke: administrators all there were, others those they made,
// newest first.
func (a adminService) ownLinks(ctx context.Context) (own []collector.Link, err error) {
	all, err := a.Registry.Links(ctx)
	viewer := viewerOf(ctx)
	if err != nil || viewer.Role == collector.Admin {
		return all, err
	}
	for _, l := range all {
		if l.CreatedBy == viewer.User || l.CreatedBy == viewer.Actor() {
			own = append(own, l)
		}
	}
	return own, nil
}

// mayAddLink refuses a link beyond those that one needs for one's own computers.
func (a adminService) mayAddLink(ctx context.Context) error {
	if viewerOf(ctx).Role == collector.Admin {
		return nil
	}
	own, err := a.ownLinks(ctx)
	valid := 0
	for _, l := range own {
		if link.State(l, a.Now()) == "valid" {
			valid++
		}
	}
	if err == nil && valid >= maxOwnLinks {
		err = collector.Refuse(collector.TooMany, "", "you have %d valid links; revoke one, or wait until one ends", valid)
	}
	return err
}

// mayRevokeLink refuses another's link to whoever is no administrator, as if there were none.
func (a adminService) mayRevokeLink(ctx context.Context, id string) error {
	own, err := a.ownLinks(ctx)
	if err != nil {
		return err
	}
	for _, l := range own {
		if l.ID == id {
			return nil
		}
	}
	return collector.Refuse(collector.NotFound, "link", "there is no such link")
}
