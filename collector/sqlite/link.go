package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// CreateLink keeps a link with its first secret, which ends with the link and has its count.
func (r *Registry) CreateLink(ctx context.Context, link collector.Link, secretHash [32]byte) error {
	return r.write(ctx, "create link", func(tx *sql.Tx) error {
		if link.ID == "" || link.MaxDevices < 1 || !link.ExpiresAt.After(link.CreatedAt) {
			return collector.Refuse(collector.BadRequest, "link", "a link needs an id, at least one device and an end after its beginning")
		}
		var taken int
		err := tx.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM links WHERE id = ?) + (SELECT count(*) FROM link_secrets WHERE hash = ?)",
			link.ID, secretHash[:]).Scan(&taken)
		if err != nil {
			return err
		}
		if taken > 0 {
			return collector.Refuse(collector.Conflict, "link", "there is a link of this id or secret")
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO links (id, os, created_by, created_ms, expires_ms, max_devices, max_per_minute)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, link.ID, link.OS, link.CreatedBy, millis(link.CreatedAt), millis(link.ExpiresAt),
			link.MaxDevices, cmp.Or(link.MaxPerMinute, collector.DefaultMaxPerMinute))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO link_secrets (hash, link, created_ms, expires_ms, max_devices) VALUES (?, ?, ?, ?, ?)",
			secretHash[:], link.ID, millis(link.CreatedAt), millis(link.ExpiresAt), link.MaxDevices)
		return err
	})
}

// Links lists all links, newest first.
func (r *Registry) Links(ctx context.Context) ([]collector.Link, error) {
	return collect(ctx, r.reader, "links", func(rows *sql.Rows) (collector.Link, error) {
		var l collector.Link
		var created, expires, revoked int64
		err := rows.Scan(&l.ID, &l.OS, &l.CreatedBy, &created, &expires, &l.MaxDevices, &l.MaxPerMinute, &l.Devices, &revoked)
		l.CreatedAt, l.ExpiresAt, l.RevokedAt = moment(created), moment(expires), moment(revoked)
		return l, err
	}, `SELECT id, os, created_by, created_ms, expires_ms, max_devices, max_per_minute, devices, revoked_ms
		FROM links ORDER BY created_ms DESC, id`)
}

// RevokeLink ends a link and all its secrets; the first time stands.
func (r *Registry) RevokeLink(ctx context.Context, id string, at time.Time) error {
	return r.write(ctx, "revoke link", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "UPDATE links SET revoked_ms = iif(revoked_ms = 0, ?, revoked_ms) WHERE id = ?", millis(at), id)
		if err != nil {
			return err
		}
		if known, _ := result.RowsAffected(); known == 0 {
			return collector.Refuse(collector.NotFound, "link", "there is no such link")
		}
		return nil
	})
}

// Enroll checks the secret's link and adds the device, all or nothing.
func (r *Registry) Enroll(ctx context.Context, secretHash [32]byte, device collector.Device, now time.Time) error {
	return r.write(ctx, "enroll", func(tx *sql.Tx) error {
		link, err := admit(ctx, tx, secretHash, now)
		if err != nil {
			return err
		}
		device.LinkID, device.EnrolledAt = link, now
		if err := addDevice(ctx, tx, &device); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE links SET devices = devices + 1 WHERE id = ?", link); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE link_secrets SET devices = devices + 1 WHERE hash = ?", secretHash[:])
		return err
	})
}

// admit gives the link a secret may enrol by now, or the refusal. The rate counts devices enrolled within a minute on
// either side of now, so that a clock that was set back does not shut the link for long.
func admit(ctx context.Context, tx *sql.Tx, secretHash [32]byte, now time.Time) (string, error) {
	var link string
	var expires, revoked, lastMinute, maxPerMinute int64
	var usedUp bool
	err := tx.QueryRowContext(ctx, `SELECT l.id, min(l.expires_ms, s.expires_ms), l.revoked_ms, l.max_per_minute,
		l.devices >= l.max_devices OR s.devices >= s.max_devices,
		(SELECT count(*) FROM devices WHERE link = l.id AND enrolled_ms > ?1 - 60000 AND enrolled_ms < ?1 + 60000)
		FROM link_secrets s JOIN links l ON l.id = s.link WHERE s.hash = ?2`, millis(now), secretHash[:]).
		Scan(&link, &expires, &revoked, &maxPerMinute, &usedUp, &lastMinute)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", collector.Refuse(collector.BadSecret, "secret", "no installer link has this secret")
	case err != nil:
		return "", err
	case revoked != 0:
		return "", collector.Refuse(collector.Revoked, "secret", "the installer link was revoked")
	case !now.Before(moment(expires)):
		return "", collector.Refuse(collector.Expired, "secret", "the installer link has expired")
	case usedUp:
		return "", collector.Refuse(collector.UsedUp, "secret", "the installer link has enrolled as many devices as it may")
	case lastMinute >= maxPerMinute:
		return "", collector.Refuse(collector.TooMany, "secret", "the installer link has enrolled %d devices within a minute; try again in a minute", lastMinute)
	}
	return link, nil
}
