package listing

import (
	"fmt"
	"testing"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// counted counts what is written to it.
type counted int64

func (c *counted) Write(b []byte) (int, error) {
	*c += counted(len(b))
	return len(b), nil
}

// BenchmarkActivity writes rows of the activity log in each format.
func BenchmarkActivity(b *testing.B) {
	rows := make([]*adminv1.ActivityRow, 20_000)
	for i := range rows {
		rows[i] = &adminv1.ActivityRow{
			Device: fmt.Sprintf("d-%016x", i%550), Login: fmt.Sprintf(`EXAMPLE\person%d`, i%550), Person: fmt.Sprintf("p-%08x", i%500),
			Session: fmt.Sprintf("%08x", i%500), State: "active", Start: fmt.Sprintf("2026-03-02T%02d:%02d:%02d.%03d+01:00", i/3600%24, i/60%60, i%60, i%1000),
			Seconds: float64(i%100000) / 1000, App: fmt.Sprintf("application-%d", i*i%300), Product: fmt.Sprintf("Application Number %d", i*i%300),
			Title: fmt.Sprintf("Quarterly Report %d Überblick - Budget", i*i*i%50000), Site: fmt.Sprintf("site-%d.example.com", i*i%3000),
			EndedBy: "focus", Status: "productive", Category: "office", PersonName: fmt.Sprintf("Person Number %d", i%500), DeviceName: fmt.Sprintf("desk-%d", i%550),
		}
	}
	for _, format := range []string{CSV, XLSX, Parquet, JSON} {
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			var size counted
			w, err := New(&size, format, rows[0])
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for b.Loop() {
				if err := w.Row(rows[n%len(rows)]); err != nil {
					b.Fatal(err)
				}
				n++
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(size)/float64(n), "bytes/row")
		})
	}
}
