package report

import (
	"context"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/fleet"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// lacking tells why a browser's time has no address, as what the device says of that browser today has it: what it said
// back then is not kept.
type lacking struct {
	r *Reports
	q *question
	// known are the reasons of each device that was asked.
	known map[string]map[browserOf]string
}

// browserOf is a person's browser on a device, in a window that was private or counted as such, or in another.
type browserOf struct {
	person, app string
	private     bool
}

// notWanted is told where the settings forbid what the device could tell.
const notWanted = "the settings collect no page addresses"

// tell puts the reason into a row that needs one.
func (l *lacking) tell(ctx context.Context, row *adminv1.ActivityRow) error {
	if row.Url != "" || row.Site != "" || row.State == string(episode.Locked) {
		return nil
	}
	if l.known[row.Device] == nil {
		reasons, err := l.reasons(ctx, row.Device)
		if err != nil {
			return err
		}
		l.known[row.Device] = reasons
	}
	row.AddressUnavailable = l.known[row.Device][browserOf{row.Person, row.App, row.Private}]
	return nil
}

// reasons are those of a device's browsers, of the people the question is about. Where titles are told, a window without
// one is private indeed, and that is the reason.
func (l *lacking) reasons(ctx context.Context, device string) (map[browserOf]string, error) {
	health, err := l.r.Registry.Health(ctx, device)
	if err != nil {
		return nil, err
	}
	reasons := map[browserOf]string{}
	for _, c := range health.GetCapture() {
		login := stream.Login{Authority: c.GetLogin().GetAuthority(), Account: c.GetLogin().GetAccount()}
		owner := collector.Owner{Device: device, LoginKey: collector.LoginKey(device, login)}
		share, asked := l.q.query.Owners[owner]
		if !fleet.IsBrowser(c) || !asked {
			continue
		}
		rules, err := l.q.rules([]collector.Owner{owner})
		if err != nil {
			return nil, err
		}
		person := l.q.query.People[share.Person].ID
		window, private := browserOf{person, c.Subject, false}, browserOf{person, c.Subject, true}
		switch {
		case rules.Settings.Privacy.URLs == episode.URLsNone:
			reasons[window] = notWanted
		case c.Level == fleet.Full:
		case c.Level == fleet.TitleOnly:
			reasons[window] = c.Reason
		default:
			reasons[window], reasons[private] = c.Reason, c.Reason
		}
	}
	return reasons, nil
}
