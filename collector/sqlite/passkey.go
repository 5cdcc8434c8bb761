package sqlite

import (
	"context"
	"database/sql"
	"encoding/base64"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// AddPasskey keeps a passkey; Conflict for one that is kept already.
func (r *Registry) AddPasskey(ctx context.Context, p collector.Passkey) error {
	email := strings.ToLower(p.Email)
	return r.write(ctx, "add passkey", func(tx *sql.Tx) error {
		var mine, same int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FILTER (WHERE email = ?), count(*) FILTER (WHERE id = ?) FROM passkeys",
			email, p.ID).Scan(&mine, &same); err != nil {
			return err
		}
		switch {
		case same > 0:
			return collector.Refuse(collector.Conflict, "credential_json", "this passkey is kept already")
		case mine >= collector.MaxPasskeys:
			return collector.Refuse(collector.TooMany, "", "%d passkeys are kept already; remove some", mine)
		}
		if err := makeCredential(ctx, tx, email); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO passkeys (id, email, name, host, handle, credential, created_ms)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, p.ID, email, p.Name, p.Host, p.Handle, p.Credential, millis(p.CreatedAt))
		return err
	})
}

// Passkeys lists everybody's, oldest first.
func (r *Registry) Passkeys(ctx context.Context) ([]collector.Passkey, error) {
	return collect(ctx, r.reader, "passkeys", func(rows *sql.Rows) (p collector.Passkey, err error) {
		var created, used int64
		err = rows.Scan(&p.ID, &p.Email, &p.Name, &p.Host, &p.Handle, &p.Credential, &created, &used)
		p.CreatedAt, p.UsedAt = moment(created), moment(used)
		return p, err
	}, "SELECT id, email, name, host, handle, credential, created_ms, used_ms FROM passkeys ORDER BY created_ms, id")
}

// PasskeyUsed keeps what a passkey is after its use.
func (r *Registry) PasskeyUsed(ctx context.Context, id, credential []byte, at time.Time) error {
	return r.onePasskey(ctx, "passkey used", id, "UPDATE passkeys SET credential = ?, used_ms = ? WHERE id = ?", credential, millis(at), id)
}

// RemovePasskey forgets a passkey of a user.
func (r *Registry) RemovePasskey(ctx context.Context, email string, id []byte) error {
	err := r.onePasskey(ctx, "remove passkey", id, "DELETE FROM passkeys WHERE id = ? AND email = ?", id, strings.ToLower(email))
	if err != nil {
		return err
	}
	return r.fold(ctx)
}

// onePasskey does something to a passkey that is there.
func (r *Registry) onePasskey(ctx context.Context, what string, id []byte, statement string, args ...any) error {
	return r.write(ctx, what, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, statement, args...)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return collector.Refuse(collector.NotFound, "id", "there is no passkey %q", base64.RawURLEncoding.EncodeToString(id))
	})
}
