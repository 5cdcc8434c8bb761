package sqlite

import (
	"bytes"
	"context"
	"database/sql"

	"github.com/dayline-project/dayline/collector"
)

// PutDocument keeps a settings document under its revision; once stored it never changes.
func (r *Registry) PutDocument(ctx context.Context, revision string, document []byte) error {
	if revision == "" {
		return collector.Refuse(collector.BadRequest, "revision", "a document has a revision")
	}
	stored, err := r.Document(ctx, revision)
	if collector.CodeOf(err) == collector.NotFound {
		err = r.write(ctx, "put document", func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO documents (revision, document) VALUES (?, ?) ON CONFLICT DO NOTHING",
				revision, notNil(document))
			if err != nil {
				return err
			}
			return tx.QueryRowContext(ctx, "SELECT document FROM documents WHERE revision = ?", revision).Scan(&stored)
		})
	}
	if err == nil && !bytes.Equal(stored, document) {
		err = collector.Refuse(collector.Conflict, "revision", "another document has this revision")
	}
	return err
}

// Document gives the settings document of a revision.
func (r *Registry) Document(ctx context.Context, revision string) ([]byte, error) {
	found, err := collect(ctx, r.reader, "document", func(rows *sql.Rows) (document []byte, err error) {
		return document, rows.Scan(&document)
	}, "SELECT document FROM documents WHERE revision = ?", revision)
	if err == nil && len(found) == 0 {
		err = collector.Refuse(collector.NotFound, "revision", "there is no such settings document")
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// AddFileRevision keeps an applied configuration file.
func (r *Registry) AddFileRevision(ctx context.Context, revision collector.FileRevision) error {
	return r.write(ctx, "add file revision", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO file_revisions (file, at_ms, actor, sha256, content) VALUES (?, ?, ?, ?, ?)",
			revision.File, millis(revision.At), revision.Actor, revision.SHA256, notNil(revision.Content))
		return err
	})
}

// FileRevisions gives the newest revisions, newest first; a limit of 0 or less gives all.
func (r *Registry) FileRevisions(ctx context.Context, limit int) ([]collector.FileRevision, error) {
	if limit <= 0 {
		limit = -1
	}
	return collect(ctx, r.reader, "file revisions", func(rows *sql.Rows) (f collector.FileRevision, err error) {
		var at int64
		err = rows.Scan(&f.File, &at, &f.Actor, &f.SHA256, &f.Content)
		f.At = moment(at)
		return f, err
	}, "SELECT file, at_ms, actor, sha256, content FROM file_revisions ORDER BY id DESC LIMIT ?", limit)
}

// notNil keeps an empty value from being stored as NULL.
func notNil(bytes []byte) []byte {
	if bytes == nil {
		return []byte{}
	}
	return bytes
}
