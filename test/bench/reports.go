package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
	"github.com/dayline-project/dayline/test/rig"
)

// asked is one report over a range.
type asked struct {
	name string
	do   func(ctx context.Context, admin adminv1connect.AdminServiceClient, ask *adminv1.ReportRequest) error
}

func unary[R any](name string, call func(adminv1connect.AdminServiceClient, context.Context, *connect.Request[adminv1.ReportRequest]) (*connect.Response[R], error)) asked {
	return asked{name, func(ctx context.Context, admin adminv1connect.AdminServiceClient, ask *adminv1.ReportRequest) error {
		_, err := call(admin, ctx, connect.NewRequest(ask))
		return err
	}}
}

// page asks for the newest page of the activity log.
func page(name, search, person string) asked {
	return asked{name, func(ctx context.Context, admin adminv1connect.AdminServiceClient, ask *adminv1.ReportRequest) error {
		_, err := admin.ListActivity(ctx, connect.NewRequest(&adminv1.ListActivityRequest{NewestFirst: true, Ask: &adminv1.ReportRequest{
			From: ask.From, To: ask.To, Search: search, Person: person,
		}}))
		return err
	}}
}

var reports = []asked{
	unary("dashboard", adminv1connect.AdminServiceClient.ReportDashboard),
	unary("people", adminv1connect.AdminServiceClient.ReportPeople),
	unary("apps", adminv1connect.AdminServiceClient.ReportApps),
	unary("sites", adminv1connect.AdminServiceClient.ReportSites),
	unary("titles", adminv1connect.AdminServiceClient.ReportTitles),
	unary("categories", adminv1connect.AdminServiceClient.ReportCategories),
	unary("hours", adminv1connect.AdminServiceClient.ReportHours),
	unary("groups", adminv1connect.AdminServiceClient.ReportGroups),
	{"live", func(ctx context.Context, admin adminv1connect.AdminServiceClient, _ *adminv1.ReportRequest) error {
		_, err := admin.ReportLive(ctx, connect.NewRequest(&adminv1.ReportRequest{}))
		return err
	}},
	unary("pending", adminv1connect.AdminServiceClient.ListPending),
	{"timeline", func(ctx context.Context, admin adminv1connect.AdminServiceClient, ask *adminv1.ReportRequest) error {
		_, err := admin.ReportTimeline(ctx, connect.NewRequest(&adminv1.TimelineRequest{Ask: &adminv1.ReportRequest{From: ask.From, To: ask.From, Person: "Person Number 10"}}))
		return err
	}},
	page("activity, a page", "", ""), page("activity of one person", "", "Person Number 10"),
	page("search for a common word", "report", ""), page("search for a rare one", "ticket holiday summary 4711", ""),
}

// local is a client of the collector's socket.
func local(c *rig.Collector) adminv1connect.AdminServiceClient {
	socket := filepath.Join(c.Data, "admin.sock")
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	return adminv1connect.NewAdminServiceClient(&http.Client{Transport: transport}, "http://collector",
		connect.WithReadMaxBytes(256<<20), connect.WithAcceptCompression("gzip", nil, nil))
}

// measureReports asks every report of 27 million episodes of 500 people through the contract (T9), and exports the
// activity log.
func measureReports(ctx context.Context, bin rig.Binaries) (figures []figure, err error) {
	c, last, err := openCompany(ctx, bin)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	from := time.Now()
	if err := c.Start(ctx); err != nil {
		return nil, err
	}
	figures = append(figures, figure{"T10 collector start, 27 million episodes", "≤ 2 s", time.Since(from).Round(time.Millisecond).String(), ""})
	admin := local(c)
	for _, days := range []int{7, 90} {
		ask := &adminv1.ReportRequest{From: last.AddDate(0, 0, 1-days).Format(time.DateOnly), To: last.Format(time.DateOnly)}
		for _, report := range reports {
			f := latency(ctx, c, admin, report, ask)
			f.name = fmt.Sprintf("T9 %s over %d days", report.name, days)
			if f.target = "≤ 200 ms"; days == 90 && report.name != "dashboard" {
				f.target = "≤ 1 s"
			}
			figures = append(figures, f)
		}
	}
	for _, export := range []struct {
		format string
		days   int
	}{{"csv", 7}, {"xlsx", 7}, {"parquet", 7}, {"parquet", companyDays}} {
		f, err := exported(ctx, c, admin, export.format, last, export.days)
		if err != nil {
			return figures, err
		}
		figures = append(figures, f)
	}
	return figures, nil
}

// measureMemory weighs the collector of that company while four reports are asked and two exports taken at once during
// ingest (T10).
func measureMemory(ctx context.Context, bin rig.Binaries) (figures []figure, err error) {
	c, last, err := openCompany(ctx, bin)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	f, err := crowded(ctx, c, last)
	return []figure{f}, err
}

// latency asks 20 times, or for 20 seconds.
func latency(ctx context.Context, c *rig.Collector, admin adminv1connect.AdminServiceClient, report asked, ask *adminv1.ReportRequest) figure {
	var took []time.Duration
	first, busy := time.Now(), cpu(c.Process().PID())
	for len(took) < 20 && time.Since(first) < 20*time.Second {
		began := time.Now()
		if err := report.do(ctx, admin, ask); err != nil {
			return figure{measured: "failed: " + err.Error()}
		}
		took = append(took, time.Since(began))
	}
	busy = (cpu(c.Process().PID()) - busy) / time.Duration(len(took))
	slices.Sort(took)
	return figure{
		measured: fmt.Sprintf("p50 %s, p95 %s", took[len(took)/2].Round(time.Millisecond), took[len(took)*19/20].Round(time.Millisecond)),
		note:     fmt.Sprintf("%s of processor time each, asked %d times", busy.Round(time.Millisecond), len(took)),
	}
}

// exported takes the activity log as a file.
func exported(ctx context.Context, c *rig.Collector, admin adminv1connect.AdminServiceClient, format string, last time.Time, days int) (figure, error) {
	ask := &adminv1.ReportRequest{From: last.AddDate(0, 0, 1-days).Format(time.DateOnly), To: last.Format(time.DateOnly)}
	began, busy := time.Now(), cpu(c.Process().PID())
	stream, err := admin.Export(ctx, connect.NewRequest(&adminv1.ExportRequest{Report: "activity", Ask: ask, Format: format}))
	if err != nil {
		return figure{}, err
	}
	defer stream.Close()
	size := 0
	for stream.Receive() {
		size += len(stream.Msg().Data)
	}
	if err := stream.Err(); err != nil {
		return figure{}, fmt.Errorf("export %s: %w", format, err)
	}
	took := time.Since(began)
	rows, err := exportedRows(ctx, admin)
	return figure{
		fmt.Sprintf("export of %d days, %s", days, format), "≥ 200,000 rows/s", fmt.Sprintf("%.0f rows/s", rows/took.Seconds()),
		fmt.Sprintf("%.0f rows, %d MB in %s, %s of processor time; peak memory so far %d MB", rows, size>>20, took.Round(100*time.Millisecond),
			(cpu(c.Process().PID()) - busy).Round(100*time.Millisecond), peakMemory(c.Process().PID())>>20),
	}, err
}

// exportedRows is how many rows the newest export had, by its audit entry.
func exportedRows(ctx context.Context, admin adminv1connect.AdminServiceClient) (rows float64, err error) {
	answer, err := admin.ListAudit(ctx, connect.NewRequest(&adminv1.ListAuditRequest{Action: "export"}))
	if err != nil || len(answer.Msg.Entries) == 0 {
		return 0, err
	}
	var detail struct{ Rows float64 }
	err = json.Unmarshal([]byte(answer.Msg.Entries[len(answer.Msg.Entries)-1].Detail), &detail)
	return detail.Rows, err
}

func crowded(ctx context.Context, c *rig.Collector, last time.Time) (figure, error) {
	const (
		devices, calls, episodes = 40, 100, 100
		perSecond                = 20_000
	)
	f := &fleet{collector: c}
	if err := f.enroll(ctx, devices); err != nil {
		return figure{}, err
	}
	if err := c.Start(ctx); err != nil {
		return figure{}, err
	}
	through := transport(devices)
	defer through.CloseIdleConnections()
	var senders []*sender
	for i := range devices {
		s, err := f.sender(ctx, i, through, calls, episodes)
		if err != nil {
			return figure{}, err
		}
		senders = append(senders, s)
	}
	asking, stop := context.WithCancel(ctx)
	defer stop()
	var failed atomic.Pointer[error]
	var answered, refused atomic.Int64
	var others sync.WaitGroup
	admin := local(c)
	ask := &adminv1.ReportRequest{From: last.AddDate(0, 0, 1-companyDays).Format(time.DateOnly), To: last.Format(time.DateOnly)}
	repeat := func(do func() error) {
		others.Go(func() {
			for asking.Err() == nil {
				switch err := do(); {
				case err == nil:
					answered.Add(1)
				case connect.CodeOf(err) == connect.CodeResourceExhausted, connect.CodeOf(err) == connect.CodeOutOfRange:
					refused.Add(1) // too many, or too long: asked again a moment later
					select {
					case <-time.After(200 * time.Millisecond):
					case <-asking.Done():
					}
				case asking.Err() == nil:
					failed.CompareAndSwap(nil, &err)
					return
				}
			}
		})
	}
	for first := range 4 {
		next := first
		repeat(func() error {
			next++
			return reports[next%len(reports)].do(asking, admin, ask)
		})
	}
	for _, format := range []string{"xlsx", "parquet"} {
		repeat(func() error {
			_, err := exported(asking, c, admin, format, last, companyDays)
			return err
		})
	}
	took, err := paced(ctx, senders, perSecond/episodes)
	peak := peakMemory(c.Process().PID())
	stop()
	others.Wait()
	if cause := failed.Load(); err == nil && cause != nil {
		err = *cause
	}
	return figure{
		"T10 memory with reports, exports and ingest", "≤ 512 MB + 50 KB a device", fmt.Sprintf("%d MB", peak>>20),
		fmt.Sprintf("%d episodes at %.0f a second, %d reports answered by four at once, %d refused, two exports going on", devices*calls*episodes,
			float64(devices*calls*episodes)/took.Seconds(), answered.Load(), refused.Load()),
	}, err
}

// paced has the senders send their calls at so many a second together.
func paced(ctx context.Context, senders []*sender, perSecond int) (time.Duration, error) {
	from := time.Now()
	var failed atomic.Pointer[error]
	var wait sync.WaitGroup
	for i, s := range senders {
		wait.Go(func() {
			for n := range s.bodies {
				due := from.Add(time.Duration(n*len(senders)+i) * time.Second / time.Duration(perSecond))
				timer := time.NewTimer(time.Until(due))
				select {
				case <-timer.C:
				case <-ctx.Done():
					return
				}
				if err := s.send(ctx, n); err != nil {
					failed.CompareAndSwap(nil, &err)
					return
				}
			}
		})
	}
	wait.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return time.Since(from), ctx.Err()
}
