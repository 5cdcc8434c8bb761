package duckdb

import (
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/duckdb/duckdb-go/v2"
)

// Rows that come while a query is on its way are held to its conditions, also to one that all rows met until then.
func TestRowsThatComeMeanwhileMeetTheConditions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.duckdb")
	connector, err := duckdb.NewConnector(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	chunks, err := openChunks(path, url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	defer chunks.close()
	write := func(statement string) error {
		_, err := db.ExecContext(t.Context(), statement)
		return err
	}
	if err := write("CREATE TABLE row (number INTEGER NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	for most := range 200 {
		if err := write(fmt.Sprintf("INSERT INTO row VALUES (%d)", most)); err != nil {
			t.Fatal(err)
		}
		query := fmt.Sprintf("SELECT number FROM row WHERE number <= %d", most)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				err := chunks.scan(t.Context(), query, func(c chunk) {
					if got := slices.Max(column[int32](c, 0)); got > int32(most) {
						t.Errorf("at most %d is asked for, and %d is given", most, got)
					}
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		if err := write(fmt.Sprintf("INSERT INTO row VALUES (%d)", most+1)); err != nil {
			t.Error(err)
		}
		all.Wait()
	}
}
