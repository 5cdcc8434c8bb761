package api

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/listing"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// ExportPerson sends everything stored of a person as one zip of JSON and CSV files: to administrators, and to the person.
func (a adminService) ExportPerson(ctx context.Context, req *connect.Request[adminv1.ExportPersonRequest], stream *connect.ServerStream[adminv1.ExportChunk]) error {
	return a.exportPerson(ctx, req.Msg.Person, chunks{stream})
}

func (a adminService) exportPerson(ctx context.Context, whom string, to io.Writer) error {
	var asks []*adminv1.ReportRequest
	err := a.Reports.Whole(ctx, viewerOf(ctx), whom, func(ask *adminv1.ReportRequest) error {
		asks = append(asks, ask)
		return nil
	})
	if err != nil {
		return err
	}
	d, scope, err := a.within(ctx)
	if err != nil {
		return err
	}
	p, err := d.FindPerson(asks[0].Person, scope)
	if err != nil {
		return err
	}
	of := a.holding(ctx, d, scope, p)
	return a.send(ctx, to, func(out io.Writer) error {
		defer a.Agents.heads.forget()
		file := &archive{holding: of, zip: zip.NewWriter(out), asks: asks, at: a.Now()}
		err := file.write()
		if noted := a.audit(ctx, "person.export", p.ID, map[string]any{"complete": err == nil, "devices": of.devices()}); err == nil {
			err = noted
		}
		return err
	})
}

// archive is one person's export on its way.
type archive struct {
	*holding
	zip  *zip.Writer
	asks []*adminv1.ReportRequest
	at   time.Time
}

const archiveWords = `This is all that Dayline has stored of one person, as of %s.

person     who this is: id, name, e-mail address, groups
logins     the accounts this person has been seen with, and on which computers
episodes   every stretch of time recorded: what was in front, from when, for how long, with or without input
days       each day added up: first and last activity, totals, breaks
spans      when a session was observed, when collection was paused, and when nothing could be captured, with the reason
devices    the computers, as they last told of themselves
settings   what is collected on each of them now, and where each value comes from
views      who looked at this person's single activities, and of which days

Each is there as JSON and as CSV: the same rows. Lengths are in seconds, times in RFC 3339 with the computer's own
offset. Days that are past the time for which data is kept are deleted, and in no file.
`

func (f *archive) write() error {
	readme, err := f.file("README.txt")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(readme, archiveWords, f.at.Format(time.RFC3339)); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		row  proto.Message
		each func(row func(proto.Message) error) error
	}{
		{"person", &adminv1.Person{}, f.whom},
		{"logins", &adminv1.LoginRow{}, f.logins},
		{"episodes", &adminv1.ActivityRow{}, f.episodes},
		{"days", &adminv1.HoursRow{}, f.days},
		{"spans", &adminv1.SpanRow{}, f.spans},
		{"devices", &adminv1.Device{}, f.devices},
		{"settings", &adminv1.PersonSetting{}, f.settings},
		{"views", &adminv1.AuditEntry{}, f.views},
	} {
		for _, format := range []string{listing.JSON, listing.CSV} {
			out, err := f.file(part.name + "." + format)
			if err != nil {
				return err
			}
			rows, err := listing.New(out, format, part.row)
			if err == nil {
				err = part.each(rows.Row)
			}
			if err == nil {
				err = rows.Close()
			}
			if err != nil {
				return fmt.Errorf("export: %s: %w", part.name, err)
			}
		}
	}
	return f.zip.Close()
}

func (f *archive) file(name string) (io.Writer, error) {
	return f.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: f.at})
}

func (f *archive) whom(row func(proto.Message) error) error {
	shown := person(f.directory, f.scope, f.person, f.directory.PersonGroups()[f.person.ID])
	shown.Logins = f.loginNames()
	if f.device() != "" { // what a device calls a login may be another's name
		shown.Email = ""
	}
	return row(shown)
}

func (f *archive) episodes(row func(proto.Message) error) error {
	for _, ask := range f.asks {
		err := f.Reports.Episodes(f.ctx, viewerOf(f.ctx), ask, func(rows []*adminv1.ActivityRow) error {
			for _, m := range rows {
				if err := row(m); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *archive) days(row func(proto.Message) error) error {
	for _, ask := range f.asks {
		report, err := f.Reports.Hours(f.ctx, viewerOf(f.ctx), ask)
		if err != nil {
			return err
		}
		for _, m := range report.Rows {
			if err := row(m); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *archive) spans(row func(proto.Message) error) error {
	for _, owner := range f.owners {
		spans, err := f.Registry.Spans(f.ctx, owner.Device, time.Unix(0, 0), f.at.AddDate(1, 0, 0))
		if err != nil {
			return err
		}
		for _, s := range spans {
			login := stream.Login{Authority: s.GetLogin().GetAuthority(), Account: s.GetLogin().GetAccount()}
			if login.Account == "" || collector.LoginKey(owner.Device, login) != owner.LoginKey {
				continue
			}
			if err := row(spanRow(f.directory.LoginName(owner), owner.Device, s)); err != nil {
				return err
			}
		}
	}
	return nil
}

func spanRow(login, device string, s *agentv1.Span) *adminv1.SpanRow {
	row := &adminv1.SpanRow{
		Device: device, Login: login, Kind: s.Kind, Reason: s.Reason, LostEpisodes: float64(s.Count),
		Start: time.UnixMilli(s.StartMs).In(time.FixedZone("", int(s.OffsetMinutes)*60)).Format("2006-01-02T15:04:05.000Z07:00"),
	}
	if s.EndMs != 0 {
		row.Seconds = float64(s.EndMs-s.StartMs) / 1000
	}
	return row
}

func (f *archive) devices(row func(proto.Message) error) error {
	answer, err := f.ListDevices(f.ctx, connect.NewRequest(&adminv1.ListDevicesRequest{}))
	if err != nil {
		return err
	}
	for _, d := range answer.Msg.Devices {
		if !slices.ContainsFunc(f.owners, func(o collector.Owner) bool { return o.Device == d.Id }) {
			continue
		}
		// Other people's accounts on a shared computer are no part of this.
		d.Logins = nil
		if err := row(d); err != nil {
			return err
		}
	}
	return nil
}
