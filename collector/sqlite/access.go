package sqlite

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// tokensKeptFor is how long an API token is listed after its end.
const tokensKeptFor = 30 * 24 * time.Hour

const selectCredentials = "SELECT email, hash, signed_in_ms FROM credentials"

func scanCredential(rows *sql.Rows) (c collector.Credential, err error) {
	var signedIn int64
	err = rows.Scan(&c.Email, &c.Hash, &signedIn)
	c.SignedInAt = moment(signedIn)
	return c, err
}

// Credential of a user; empty, without an error, where there is none.
func (r *Registry) Credential(ctx context.Context, email string) (collector.Credential, error) {
	email = strings.ToLower(email)
	found, err := collect(ctx, r.reader, "credential", scanCredential, selectCredentials+" WHERE email = ?", email)
	if err != nil || len(found) == 0 {
		return collector.Credential{Email: email}, err
	}
	return found[0], nil
}

// Credentials lists them by e-mail.
func (r *Registry) Credentials(ctx context.Context) ([]collector.Credential, error) {
	return collect(ctx, r.reader, "credentials", scanCredential, selectCredentials+" ORDER BY email")
}

// SetPassword keeps the hash of a user's password and ends the sessions. The old one is in no file afterwards.
func (r *Registry) SetPassword(ctx context.Context, email, hash string, at time.Time) error {
	email = strings.ToLower(email)
	err := r.write(ctx, "set password", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO credentials (email, hash, changed_ms) VALUES (?, ?, ?)
			ON CONFLICT (email) DO UPDATE SET hash = excluded.hash, changed_ms = excluded.changed_ms`, email, hash, millis(at)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM tokens WHERE email = ? AND session", email)
		return err
	})
	if err != nil {
		return err
	}
	return r.fold(ctx)
}

// SignedIn notes when a user signed in last.
func (r *Registry) SignedIn(ctx context.Context, email string, at time.Time) error {
	return r.write(ctx, "signed in", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE credentials SET signed_in_ms = ? WHERE email = ?", millis(at), strings.ToLower(email))
		return err
	})
}

// RemoveUser removes the credential and ends sessions and tokens.
func (r *Registry) RemoveUser(ctx context.Context, email string, at time.Time) error {
	email = strings.ToLower(email)
	err := r.write(ctx, "remove user", func(tx *sql.Tx) error {
		for _, statement := range []string{
			"DELETE FROM credentials WHERE email = ?",
			"DELETE FROM tokens WHERE email = ? AND session",
		} {
			if _, err := tx.ExecContext(ctx, statement, email); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE tokens SET revoked_ms = ? WHERE email = ? AND revoked_ms = 0", millis(at), email)
		return err
	})
	if err != nil {
		return err
	}
	return r.fold(ctx)
}

// AddToken keeps a session or an API token under its secret's SHA-256, and forgets those that ended long ago.
func (r *Registry) AddToken(ctx context.Context, t collector.AccessToken, secretHash [32]byte) error {
	t.Email = strings.ToLower(t.Email)
	return r.write(ctx, "add token", func(tx *sql.Tx) error {
		now, gone := millis(t.CreatedAt), millis(t.CreatedAt.Add(-tokensKeptFor))
		if _, err := tx.ExecContext(ctx, "DELETE FROM tokens WHERE expires_ms <= iif(session, ?, ?) OR revoked_ms > 0 AND revoked_ms <= ?",
			now, gone, gone); err != nil {
			return err
		}
		if t.Session {
			// Room for this one.
			if _, err := tx.ExecContext(ctx, `DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE email = ? AND session
				ORDER BY created_ms DESC, rowid DESC LIMIT -1 OFFSET ?)`, t.Email, collector.MaxSessions-1); err != nil {
				return err
			}
		} else {
			var live int
			if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM tokens WHERE email = ? AND NOT session AND revoked_ms = 0 AND expires_ms > ?",
				t.Email, now).Scan(&live); err != nil {
				return err
			}
			if live >= collector.MaxTokens {
				return collector.Refuse(collector.TooMany, "email", "%d tokens are valid already; revoke some", live)
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO tokens (id, secret, email, role, session, name, write, created_ms, expires_ms)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, t.ID, secretHash[:], t.Email, string(t.Role), t.Session, t.Name, t.Write, now, millis(t.ExpiresAt))
		return err
	})
}

const selectTokens = "SELECT id, email, role, session, name, write, created_ms, expires_ms, used_ms, revoked_ms FROM tokens"

func scanToken(rows *sql.Rows) (t collector.AccessToken, err error) {
	var created, expires, used, revoked int64
	err = rows.Scan(&t.ID, &t.Email, &t.Role, &t.Session, &t.Name, &t.Write, &created, &expires, &used, &revoked)
	t.CreatedAt, t.ExpiresAt, t.UsedAt, t.RevokedAt = moment(created), moment(expires), moment(used), moment(revoked)
	return t, err
}

// TokenBySecret gives the token of a secret, valid or not.
func (r *Registry) TokenBySecret(ctx context.Context, secretHash [32]byte) (collector.AccessToken, error) {
	found, err := collect(ctx, r.reader, "token", scanToken, selectTokens+" WHERE secret = ?", secretHash[:])
	if err == nil && len(found) == 0 {
		err = collector.Refuse(collector.NotFound, "token", "there is no such token")
	}
	if err != nil {
		return collector.AccessToken{}, err
	}
	return found[0], nil
}

// Tokens lists sessions and API tokens, oldest first.
func (r *Registry) Tokens(ctx context.Context) ([]collector.AccessToken, error) {
	return collect(ctx, r.reader, "tokens", scanToken, selectTokens+" ORDER BY created_ms, rowid")
}

// RevokeToken ends a token; the first end stays.
func (r *Registry) RevokeToken(ctx context.Context, id string, at time.Time) error {
	return r.write(ctx, "revoke token", func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "UPDATE tokens SET revoked_ms = iif(revoked_ms = 0, ?, revoked_ms) WHERE id = ?", millis(at), id)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return collector.Refuse(collector.NotFound, "id", "there is no token %q", id)
	})
}

// TokensUsed notes when tokens were last used, by id.
func (r *Registry) TokensUsed(ctx context.Context, used map[string]time.Time) error {
	return r.write(ctx, "tokens used", func(tx *sql.Tx) error {
		for id, at := range used {
			if _, err := tx.ExecContext(ctx, "UPDATE tokens SET used_ms = max(used_ms, ?) WHERE id = ?", millis(at), id); err != nil {
				return err
			}
		}
		return nil
	})
}
