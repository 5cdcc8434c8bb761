package main

import (
	"bufio"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector/listing"
)

// listed is what every listing takes.
type listed struct {
	Format string `default:"table" enum:"table,json,csv" help:"table, json or csv."`
}

// list prints rows; without any, people read why on the error stream and programs get an empty array or header.
func list[M proto.Message](i *invocation, format string, rows []M, empty string, columns ...string) error {
	var example M
	return printRows(i, format, example, empty, columns, func(row func(M) error) error {
		for _, m := range rows {
			if err := row(m); err != nil {
				return err
			}
		}
		return nil
	})
}

// printRows prints rows as they come.
func printRows[M proto.Message](i *invocation, format string, example M, empty string, columns []string, each func(row func(M) error) error) error {
	out := bufio.NewWriterSize(i.out, 64<<10)
	w, err := listing.New(out, format, example, columns...)
	if err != nil {
		return err
	}
	if err := each(func(m M) error { return w.Row(m) }); err != nil {
		return err
	}
	if w.Rows() == 0 {
		fmt.Fprintln(i.err, empty)
	}
	if err := w.Close(); err != nil {
		return err
	}
	return out.Flush()
}
