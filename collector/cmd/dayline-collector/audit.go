package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/listing"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

type auditCommand struct {
	List   auditList   `cmd:"" help:"List the audit log, oldest first."`
	Verify auditVerify `cmd:"" help:"Recompute the chain of hashes."`
}

type auditList struct {
	listed
	From    string `placeholder:"YYYY-MM-DD" help:"First day, of the collector's calendar."`
	To      string `placeholder:"YYYY-MM-DD" help:"Last day, included."`
	Actor   string `help:"Who did it: a user's e-mail, device d-…, collector."`
	Action  string `help:"What was done, or its beginning: activity.view, config."`
	Subject string `help:"With whom or what: an id, or a person's or device's name. Looks at several people are found by each of them."`
}

const auditPage = 1000

// Run lists the whole log, a page at a time.
func (c *auditList) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	columns := []string{"sequence", "at", "actor", "action", "subject", "detail"}
	return printRows(i, c.Format, &adminv1.AuditEntry{}, "There are no such entries.", columns, func(row func(*adminv1.AuditEntry) error) error {
		after := 0.0
		for {
			answer, err := admin.ListAudit(i.ctx, connect.NewRequest(&adminv1.ListAuditRequest{
				AfterSequence: after, Limit: auditPage, From: c.From, To: c.To, Actor: c.Actor, Action: c.Action, Subject: c.Subject,
			}))
			if err != nil || len(answer.Msg.Entries) == 0 {
				return err
			}
			for _, entry := range answer.Msg.Entries {
				if c.Format == listing.Table {
					entry.Detail = told(entry.Detail)
				}
				if err := row(entry); err != nil {
					return err
				}
				after = entry.Sequence
			}
		}
	})
}

// told is an entry's detail for people: "passive.start: 2m → 3m; settle: 1s", "link: l-…; name: PC-7".
func told(detail string) string {
	var fields map[string]any
	decoder := json.NewDecoder(strings.NewReader(detail))
	decoder.UseNumber()
	if decoder.Decode(&fields) != nil {
		return detail
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		switch value := fields[key].(type) {
		case nil:
		case []any:
			for _, item := range value {
				parts = append(parts, toldItem(item))
			}
		default:
			if value != "" {
				parts = append(parts, fmt.Sprintf("%s: %v", key, value))
			}
		}
	}
	return strings.Join(parts, "; ")
}

func toldItem(item any) string {
	change, is := item.(map[string]any)
	switch {
	case !is:
		return fmt.Sprint(item)
	case change["old"] == "":
		return fmt.Sprintf("%v: %v", change["key"], change["new"])
	case change["new"] == "":
		return fmt.Sprintf("%v: %v → none", change["key"], change["old"])
	}
	return fmt.Sprintf("%v: %v → %v", change["key"], change["old"], change["new"])
}

type auditVerify struct{}

// Run tells whether the chain holds.
func (c *auditVerify) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.VerifyAudit(i.ctx, connect.NewRequest(&adminv1.VerifyAuditRequest{}))
	if err != nil {
		return err
	}
	if answer.Msg.Problem != "" {
		return errors.New("the audit log does not verify: " + answer.Msg.Problem)
	}
	_, err = fmt.Fprintf(i.out, "%.0f entries verify; the newest has hash %s\n", answer.Msg.Entries, answer.Msg.Head)
	return err
}
