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

const selectCredentials = "SELECT email, hash, signed_in_ms, totp, totp_step FROM credentials"

func (r *Registry) scanCredential(rows *sql.Rows) (c collector.Credential, err error) {
	var signedIn int64
	var sealed []byte
	err = rows.Scan(&c.Email, &c.Hash, &signedIn, &sealed, &c.TOTPStep)
	if err == nil && len(sealed) > 0 {
		var secret []byte
		secret, err = r.seal.open(totpName(c.Email), sealed)
		c.TOTP = string(secret)
	}
	c.SignedInAt = moment(signedIn)
	return c, err
}

// totpName is what a sealed secret is bound to.
func totpName(email string) string { return "totp of " + email }

// makeCredential makes room for what a user signs in with, where there is none.
func makeCredential(ctx context.Context, tx *sql.Tx, email string) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO credentials (email) VALUES (?) ON CONFLICT DO NOTHING", email)
	return err
}

// Credential of a user; empty, without an error, where there is none.
func (r *Registry) Credential(ctx context.Context, email string) (collector.Credential, error) {
	email = strings.ToLower(email)
	found, err := collect(ctx, r.reader, "credential", r.scanCredential, selectCredentials+" WHERE email = ?", email)
	if err != nil || len(found) == 0 {
		return collector.Credential{Email: email}, err
	}
	return found[0], nil
}

// Credentials lists them by e-mail.
func (r *Registry) Credentials(ctx context.Context) ([]collector.Credential, error) {
	return collect(ctx, r.reader, "credentials", r.scanCredential, selectCredentials+" ORDER BY email")
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
	email = strings.ToLower(email)
	return r.write(ctx, "signed in", func(tx *sql.Tx) error {
		if err := makeCredential(ctx, tx, email); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE credentials SET signed_in_ms = ? WHERE email = ?", millis(at), email)
		return err
	})
}

// SetTOTP keeps what a user's authenticator application shares with us; without a secret it is taken away. The old one
// is in no file afterwards.
func (r *Registry) SetTOTP(ctx context.Context, email, secret string) error {
	email = strings.ToLower(email)
	sealed := []byte{}
	if secret != "" {
		sealed = r.seal.close(totpName(email), []byte(secret))
	}
	err := r.write(ctx, "set totp", func(tx *sql.Tx) error {
		if err := makeCredential(ctx, tx, email); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE credentials SET totp = ?, totp_step = 0 WHERE email = ?", sealed, email)
		return err
	})
	if err != nil {
		return err
	}
	return r.fold(ctx)
}

// UseTOTP takes a code's step, once: Conflict where it, or a later one, was taken already.
func (r *Registry) UseTOTP(ctx context.Context, email string, step int64) error {
	return r.write(ctx, "use totp", func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "UPDATE credentials SET totp_step = ? WHERE email = ? AND totp_step < ?", step, strings.ToLower(email), step)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return collector.Refuse(collector.Conflict, "code", "this code was used already")
	})
}

// ResetSignIn takes a user's authenticator application and passkeys away and ends the sessions.
func (r *Registry) ResetSignIn(ctx context.Context, email string) error {
	email = strings.ToLower(email)
	err := r.write(ctx, "reset sign-in", func(tx *sql.Tx) error {
		for _, statement := range []string{
			"UPDATE credentials SET totp = x'', totp_step = 0 WHERE email = ?",
			"DELETE FROM passkeys WHERE email = ?",
			"DELETE FROM tokens WHERE email = ? AND session",
		} {
			if _, err := tx.ExecContext(ctx, statement, email); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.fold(ctx)
}

// RemoveUser removes the credential and ends sessions and tokens.
func (r *Registry) RemoveUser(ctx context.Context, email string, at time.Time) error {
	email = strings.ToLower(email)
	err := r.write(ctx, "remove user", func(tx *sql.Tx) error {
		for _, statement := range []string{
			"DELETE FROM passkeys WHERE email = ?",
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
			if _, err := tx.ExecContext(ctx, `DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE email = ?
				AND owner_device = ? AND owner_login = ? AND session ORDER BY created_ms DESC, rowid DESC LIMIT -1 OFFSET ?)`,
				t.Email, t.Owner.Device, t.Owner.LoginKey, collector.MaxSessions-1); err != nil {
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
		_, err := tx.ExecContext(ctx, `INSERT INTO tokens (id, secret, email, role, session, name, write, created_ms, expires_ms,
			how, address, browser, owner_device, owner_login) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			t.ID, secretHash[:], t.Email, string(t.Role), t.Session, t.Name, t.Write, now, millis(t.ExpiresAt),
			t.How, t.Address, t.Browser, t.Owner.Device, t.Owner.LoginKey)
		return err
	})
}

const selectTokens = `SELECT id, email, role, session, name, write, created_ms, expires_ms, used_ms, revoked_ms,
	how, address, browser, owner_device, owner_login FROM tokens`

func scanToken(rows *sql.Rows) (t collector.AccessToken, err error) {
	var created, expires, used, revoked int64
	err = rows.Scan(&t.ID, &t.Email, &t.Role, &t.Session, &t.Name, &t.Write, &created, &expires, &used, &revoked,
		&t.How, &t.Address, &t.Browser, &t.Owner.Device, &t.Owner.LoginKey)
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
