package main

import (
	"fmt"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/listing"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

type storageCommand struct {
	Report  storageReport  `cmd:"" default:"withargs" help:"How much is stored, how fast it grows, and how long there is room."`
	Compact storageCompact `cmd:"" help:"Write the episode file anew: what was deleted leaves no byte behind."`
}

type storageReport struct {
	listed
	By string `placeholder:"WHAT" enum:",month,person,device" default:"" help:"List the episodes and bytes of each month, person or device."`
}

// Run tells of the storage: in words to people, in one row or in a row for each part to programs.
func (c *storageReport) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.Storage(i.ctx, connect.NewRequest(&adminv1.StorageRequest{}))
	if err != nil {
		return err
	}
	s := answer.Msg
	switch parts := map[string][]*adminv1.StoragePart{"month": s.Months, "person": s.People, "device": s.Devices}; {
	case c.By != "":
		return list(i, c.Format, parts[c.By], "Nothing is stored.", "name", "episodes", "bytes", "id")
	case c.Format != listing.Table:
		return list(i, c.Format, []*adminv1.StorageReport{s}, "", "bytes", "episodes", "oldest_day", "episodes_per_day", "bytes_per_day",
			"limit_bytes", "days_until_limit", "disk_free_bytes", "days_until_disk_full", "retention_days", "activity_from", "warnings")
	}
	for _, warning := range s.Warnings {
		fmt.Fprintln(i.err, "Warning:", warning)
	}
	_, err = fmt.Fprint(i.out, storageWords(s))
	return err
}

func storageWords(s *adminv1.StorageReport) string {
	text := fmt.Sprintf("stored       %.0f episodes in %s", s.Episodes, size(s.Bytes))
	if s.OldestDay != "" {
		text += ", the oldest of " + s.OldestDay
	}
	text += fmt.Sprintf("\ngrowth       %.0f episodes and %s a day\n", s.EpisodesPerDay, size(s.BytesPerDay))
	if s.RetentionDays == 0 {
		text += "kept         for ever\n"
	} else {
		text += fmt.Sprintf("kept         %d days\n", s.RetentionDays)
	}
	if s.LimitBytes == 0 {
		text += "limit        none\n"
	} else {
		text += fmt.Sprintf("limit        %s, %s\n", size(s.LimitBytes), reachedIn(s.DaysUntilLimit))
	}
	return text + fmt.Sprintf("disk         %s free, full %s\n", size(s.DiskFreeBytes), reachedIn(s.DaysUntilDiskFull))
}

// reachedIn is a number of days; negative is never.
func reachedIn(days float64) string {
	switch {
	case days < 0:
		return "never at this pace"
	case days == 0:
		return "reached"
	case days >= 3650:
		return "in over 10 years"
	}
	return fmt.Sprintf("in %.0f days", days)
}

func size(bytes float64) string {
	for _, unit := range []string{"bytes", "KB", "MB", "GB"} {
		if bytes < 1000 {
			return fmt.Sprintf("%.3g %s", bytes, unit)
		}
		bytes /= 1000
	}
	return fmt.Sprintf("%.3g TB", bytes)
}

type storageCompact struct{}

// Run rewrites the episode file.
func (c *storageCompact) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.Compact(i.ctx, connect.NewRequest(&adminv1.CompactRequest{}))
	if err != nil {
		return err
	}
	fmt.Fprintf(i.err, "The episode file was written anew: %s, before %s.\n", size(answer.Msg.BytesAfter), size(answer.Msg.BytesBefore))
	return nil
}

type privacyCommand struct {
	Strip privacyStrip `cmd:"" help:"Clear titles and addresses that are stored already."`
}

type privacyStrip struct {
	Before    string `required:"" placeholder:"YYYY-MM-DD" help:"Of episodes before this day."`
	Titles    bool   `help:"Titles alone, unless --addresses is given too."`
	Addresses bool   `help:"Addresses and sites alone, unless --titles is given too."`
	later
}

// Run clears titles, addresses or, where neither is named, both.
func (c *privacyStrip) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	both := !c.Titles && !c.Addresses
	answer, err := admin.StripPrivacy(i.ctx, connect.NewRequest(&adminv1.StripPrivacyRequest{
		Before: c.Before, Titles: c.Titles || both, Addresses: c.Addresses || both, Later: c.Later,
	}))
	if err != nil {
		return err
	}
	fmt.Fprintf(i.err, "%.0f episodes before %s were cleared.\n", answer.Msg.Episodes, c.Before)
	return nil
}
