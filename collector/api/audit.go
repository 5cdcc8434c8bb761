package api

import (
	"context"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

const (
	maxAuditEntries = 10000
	// auditPage of entries is read at a time where most may not be wanted.
	auditPage = 2000
)

// ListAudit lists entries in order, from after a sequence, or newest first, from before one. What is not wanted is passed over here: who did what is
// within the payloads, which can be erased.
func (a adminService) ListAudit(ctx context.Context, req *connect.Request[adminv1.ListAuditRequest]) (*connect.Response[adminv1.ListAuditResponse], error) {
	m := req.Msg
	limit := int(m.Limit)
	if limit <= 0 || limit > maxAuditEntries {
		limit = maxAuditEntries
	}
	for field, s := range map[string]float64{"after_sequence": m.AfterSequence, "before_sequence": m.BeforeSequence} {
		if s != s || s < 0 || s > 1<<53 {
			return nil, collector.Refuse(collector.BadRequest, field, "it is no sequence")
		}
	}
	wanted, err := a.wantedEntries(ctx, m)
	if err != nil {
		return nil, err
	}
	answer := &adminv1.ListAuditResponse{}
	take := func(e *collector.AuditEntry) (more bool, err error) {
		if wanted(e) {
			answer.Entries = append(answer.Entries, auditEntry(e))
		}
		return len(answer.Entries) < limit, nil
	}
	if m.NewestFirst {
		err = a.eachEntryBack(ctx, uint64(m.BeforeSequence), take)
	} else {
		err = a.eachEntry(ctx, uint64(m.AfterSequence), take)
	}
	return connect.NewResponse(answer), err
}

// eachEntry reads the audit log from after a sequence until yield has enough.
func (a adminService) eachEntry(ctx context.Context, after uint64, yield func(*collector.AuditEntry) (more bool, err error)) error {
	for {
		entries, err := a.Registry.AuditEntries(ctx, after, auditPage)
		if err != nil || len(entries) == 0 {
			return err
		}
		for i := range entries {
			if more, err := yield(&entries[i]); err != nil || !more {
				return err
			}
		}
		after = entries[len(entries)-1].Sequence
	}
}

// eachEntryBack reads it backwards, from before a sequence (0: from the newest), until yield has enough.
func (a adminService) eachEntryBack(ctx context.Context, before uint64, yield func(*collector.AuditEntry) (more bool, err error)) error {
	head, err := a.Registry.AuditHead(ctx)
	if err != nil {
		return err
	}
	last := head.Sequence
	if before > 0 {
		last = min(last, before-1)
	}
	for last > 0 {
		count := min(last, auditPage)
		entries, err := a.Registry.AuditEntries(ctx, last-count, int(count))
		if err != nil {
			return err
		}
		for i := range slices.Backward(entries) {
			if more, err := yield(&entries[i]); err != nil || !more {
				return err
			}
		}
		last -= count
	}
	return nil
}

func auditEntry(e *collector.AuditEntry) *adminv1.AuditEntry {
	return &adminv1.AuditEntry{
		Sequence: float64(e.Sequence), At: instant(e.At), Actor: e.Actor, Action: e.Action, Subject: e.Subject, Detail: e.Detail,
	}
}

// about tells whether an entry is about somebody or something: a look at several people names each in its detail.
func about(e *collector.AuditEntry, subject string) bool {
	return strings.EqualFold(e.Subject, subject) || strings.Contains(e.Detail, strconv.Quote(subject))
}

// wantedEntries tells which entries a request is about.
func (a adminService) wantedEntries(ctx context.Context, m *adminv1.ListAuditRequest) (func(*collector.AuditEntry) bool, error) {
	var from, to time.Time
	for _, bound := range []struct {
		field, date string
		into        *time.Time
		days        int
	}{{"from", m.From, &from, 0}, {"to", m.To, &to, 1}} {
		if bound.date == "" {
			continue
		}
		if _, err := dayOf(bound.field, bound.date); err != nil {
			return nil, err
		}
		day, _ := time.ParseInLocation(time.DateOnly, bound.date, time.Local)
		*bound.into = day.AddDate(0, 0, bound.days)
	}
	subjects := []string{m.Subject}
	if m.Subject != "" {
		d, scope, err := a.within(ctx)
		if err != nil {
			return nil, err
		}
		if p, err := d.FindPerson(m.Subject, scope); err == nil {
			subjects = append(subjects, p.ID)
		}
		if id, err := d.FindDevice(m.Subject, scope); err == nil {
			subjects = append(subjects, id)
		}
	}
	return func(e *collector.AuditEntry) bool {
		return (from.IsZero() || !e.At.Before(from)) && (to.IsZero() || e.At.Before(to)) &&
			(m.Actor == "" || strings.EqualFold(e.Actor, m.Actor)) && strings.HasPrefix(e.Action, m.Action) &&
			(m.Subject == "" || slices.ContainsFunc(subjects, func(subject string) bool { return about(e, subject) }))
	}, nil
}

// VerifyAudit recomputes the chain.
func (a adminService) VerifyAudit(ctx context.Context, _ *connect.Request[adminv1.VerifyAuditRequest]) (*connect.Response[adminv1.VerifyAuditResponse], error) {
	entries, problem, err := a.Registry.VerifyAudit(ctx)
	if err != nil {
		return nil, err
	}
	head, err := a.Registry.AuditHead(ctx)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.VerifyAuditResponse{
		Entries: float64(entries), Head: hex.EncodeToString(head.Hash), Problem: problem,
	}), nil
}
