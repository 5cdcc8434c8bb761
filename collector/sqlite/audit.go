package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/dayline-project/dayline/collector"
)

const saltBytes = 16

// Audit appends an entry to the hash chain. Its Sequence is given here.
func (r *Registry) Audit(ctx context.Context, entry collector.AuditEntry) error {
	return r.write(ctx, "audit", func(tx *sql.Tx) error { return appendAudit(ctx, tx, &entry) })
}

func appendAudit(ctx context.Context, tx *sql.Tx, entry *collector.AuditEntry) error {
	if entry.At.IsZero() {
		return collector.Refuse(collector.BadRequest, "at", "an audit entry has a time")
	}
	head, err := auditHead(ctx, tx)
	if err != nil {
		return err
	}
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	payload := collector.AuditPayload(entry)
	inner := collector.AuditInnerHash(salt, payload)
	sequence := head.Sequence + 1
	hash := collector.AuditHash([32]byte(head.Hash), sequence, entry.At, inner)
	_, err = tx.ExecContext(ctx, "INSERT INTO audit (sequence, at_ms, salt, payload, inner, hash) VALUES (?, ?, ?, ?, ?, ?)",
		int64(sequence), entry.At.UnixMilli(), salt, payload, inner[:], hash[:])
	return err
}

func appendAll(ctx context.Context, tx *sql.Tx, entries []collector.AuditEntry) error {
	for i := range entries {
		if err := appendAudit(ctx, tx, &entries[i]); err != nil {
			return err
		}
	}
	return nil
}

// auditRow is a row as it is stored.
type auditRow struct {
	sequence, at               int64
	salt, payload, inner, hash []byte
}

func scanAudit(rows *sql.Rows) (a auditRow, err error) {
	return a, rows.Scan(&a.sequence, &a.at, &a.salt, &a.payload, &a.inner, &a.hash)
}

const selectAudit = "SELECT sequence, at_ms, salt, payload, inner, hash FROM audit"

// AuditEntries gives entries after a sequence, oldest first; an erased one has the action collector.AuditErased. A
// limit of 0 or less gives all.
func (r *Registry) AuditEntries(ctx context.Context, after uint64, limit int) ([]collector.AuditEntry, error) {
	if limit <= 0 {
		limit = -1
	}
	return collect(ctx, r.reader, "audit entries", func(rows *sql.Rows) (collector.AuditEntry, error) {
		row, err := scanAudit(rows)
		entry := collector.AuditEntry{Sequence: uint64(row.sequence), At: time.UnixMilli(row.at).UTC()}
		if err == nil && row.payload == nil {
			entry.Action = collector.AuditErased
			return entry, nil
		}
		if err == nil && collector.ParseAuditPayload(row.payload, &entry) != nil {
			entry.Action = collector.AuditDamaged
		}
		return entry, err
	}, selectAudit+" WHERE sequence > ? ORDER BY sequence LIMIT ?", int64(after), limit)
}

// AuditHead is the newest entry's sequence and hash; 0 and 32 zero bytes before the first.
func (r *Registry) AuditHead(ctx context.Context) (collector.AuditHead, error) {
	head, err := auditHead(ctx, r.reader)
	if err != nil {
		return head, fmt.Errorf("sqlite: audit head: %w", err)
	}
	return head, nil
}

func auditHead(ctx context.Context, q querier) (collector.AuditHead, error) {
	head := collector.AuditHead{Hash: make([]byte, 32)}
	var sequence int64
	err := q.QueryRowContext(ctx, "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1").Scan(&sequence, &head.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		return head, nil
	}
	if err == nil && len(head.Hash) != 32 {
		err = fmt.Errorf("entry %d has a hash of %d bytes", sequence, len(head.Hash))
	}
	head.Sequence = uint64(sequence)
	return head, err
}

// EraseAudit erases the payloads and salts of entries; they are in no file afterwards.
func (r *Registry) EraseAudit(ctx context.Context, sequences ...uint64) error {
	err := r.write(ctx, "erase audit", func(tx *sql.Tx) error {
		for _, sequence := range sequences {
			result, err := tx.ExecContext(ctx, "UPDATE audit SET salt = NULL, payload = NULL WHERE sequence = ?", int64(sequence))
			if err != nil {
				return err
			}
			if known, _ := result.RowsAffected(); known == 0 {
				return collector.Refuse(collector.NotFound, "sequence", "there is no such audit entry")
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.fold(ctx)
}

// VerifyAudit recomputes the chain from the first entry; problem names the first that does not hold and why. The rows
// are read one by one: the log is kept without limit.
func (r *Registry) VerifyAudit(ctx context.Context) (entries uint64, problem string, err error) {
	rows, err := r.reader.QueryContext(ctx, selectAudit+" ORDER BY sequence")
	if err != nil {
		return 0, "", fmt.Errorf("sqlite: verify audit: %w", err)
	}
	defer rows.Close()
	var previous [32]byte
	for rows.Next() {
		row, err := scanAudit(rows)
		if err != nil {
			return entries, fmt.Sprintf("entry %d cannot be read: %v", entries+1, err), nil
		}
		if problem := row.verify(previous, entries+1); problem != "" {
			return entries, problem, nil
		}
		previous = [32]byte(row.hash)
		entries++
	}
	if err := rows.Err(); err != nil {
		return entries, "", fmt.Errorf("sqlite: verify audit: %w", err)
	}
	return entries, "", nil
}

// verify tells what is wrong with a row that should be the entry of this sequence; nothing if it holds.
func (a *auditRow) verify(previous [32]byte, sequence uint64) string {
	switch {
	case uint64(a.sequence) != sequence:
		return fmt.Sprintf("entry %d is missing: the next is %d", sequence, a.sequence)
	case len(a.inner) != 32 || len(a.hash) != 32:
		return fmt.Sprintf("entry %d has hashes of a wrong length", sequence)
	case (a.salt == nil) != (a.payload == nil):
		return fmt.Sprintf("entry %d is half erased", sequence)
	case a.payload != nil && len(a.salt) != saltBytes:
		return fmt.Sprintf("entry %d has a salt of a wrong length", sequence)
	case a.payload != nil && collector.AuditInnerHash(a.salt, a.payload) != [32]byte(a.inner):
		return fmt.Sprintf("entry %d says something else than was written", sequence)
	case collector.AuditHash(previous, sequence, time.UnixMilli(a.at), [32]byte(a.inner)) != [32]byte(a.hash):
		return fmt.Sprintf("entry %d does not follow from the one before it", sequence)
	}
	return ""
}
