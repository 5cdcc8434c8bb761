package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/dayline-project/dayline/collector"
)

var errNoLink = collector.Refuse(collector.NotFound, "link", "there is no such link")

// CreateLink keeps a link with its first secret, which ends with the link and has its count.
func (r *Registry) CreateLink(ctx context.Context, link collector.Link, secretHash [32]byte) error {
	return r.write(ctx, "create link", func(tx *sql.Tx) error {
		if link.ID == "" || link.MaxDevices < 1 || !link.ExpiresAt.After(link.CreatedAt) {
			return collector.Refuse(collector.BadRequest, "link", "a link needs an id, at least one device and an end after its beginning")
		}
		address := []byte{}
		if link.AddressHash != [32]byte{} {
			address = link.AddressHash[:]
		}
		var taken int
		err := tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM links WHERE id = ?1 OR length(?2) > 0 AND address = ?2)
			+ (SELECT count(*) FROM link_secrets WHERE hash = ?3)`, link.ID, address, secretHash[:]).Scan(&taken)
		if err != nil {
			return err
		}
		if taken > 0 {
			return collector.Refuse(collector.Conflict, "link", "there is a link of this id or secret")
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO links (id, address, os, created_by, created_ms, expires_ms, max_devices, max_per_minute)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, link.ID, address, link.OS, link.CreatedBy, millis(link.CreatedAt), millis(link.ExpiresAt),
			link.MaxDevices, cmp.Or(link.MaxPerMinute, collector.DefaultMaxPerMinute))
		if err != nil {
			return err
		}
		return addSecret(ctx, tx, link, secretHash, link.CreatedAt)
	})
}

// addSecret keeps one more secret of a link, which ends with the link and may enrol as many as it.
func addSecret(ctx context.Context, tx *sql.Tx, link collector.Link, secretHash [32]byte, at time.Time) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO link_secrets (hash, link, created_ms, expires_ms, max_devices) VALUES (?, ?, ?, ?, ?)",
		secretHash[:], link.ID, millis(at), millis(link.ExpiresAt), link.MaxDevices)
	return err
}

const selectLinks = `SELECT id, address, os, created_by, created_ms, expires_ms, max_devices, max_per_minute, devices, downloads, used_ms,
	revoked_ms FROM links `

func scanLink(row interface{ Scan(...any) error }) (collector.Link, error) {
	var l collector.Link
	var address []byte
	var created, expires, used, revoked int64
	err := row.Scan(&l.ID, &address, &l.OS, &l.CreatedBy, &created, &expires, &l.MaxDevices, &l.MaxPerMinute, &l.Devices, &l.Downloads, &used, &revoked)
	copy(l.AddressHash[:], address)
	l.CreatedAt, l.ExpiresAt, l.UsedAt, l.RevokedAt = moment(created), moment(expires), moment(used), moment(revoked)
	return l, err
}

// Links lists all links, newest first.
func (r *Registry) Links(ctx context.Context) ([]collector.Link, error) {
	return collect(ctx, r.reader, "links", func(rows *sql.Rows) (collector.Link, error) { return scanLink(rows) },
		selectLinks+"ORDER BY created_ms DESC, id")
}

// LinkByAddress finds a link by its page's address.
func (r *Registry) LinkByAddress(ctx context.Context, addressHash [32]byte) (collector.Link, error) {
	link, err := scanLink(r.reader.QueryRowContext(ctx, selectLinks+"WHERE address = ? AND length(address) > 0", addressHash[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return link, errNoLink
	}
	if err != nil {
		return link, fmt.Errorf("registry: link by address: %w", err)
	}
	return link, nil
}

// AddDownload counts a download, and keeps the secret it went out with.
func (r *Registry) AddDownload(ctx context.Context, id string, secretHash [32]byte, at time.Time) error {
	return r.write(ctx, "add download", func(tx *sql.Tx) error {
		link, err := scanLink(tx.QueryRowContext(ctx, selectLinks+"WHERE id = ?", id))
		if errors.Is(err, sql.ErrNoRows) {
			return errNoLink
		}
		if err != nil {
			return err
		}
		if err := usable(!link.RevokedAt.IsZero(), link.ExpiresAt, link.Devices >= link.MaxDevices, at); err != nil {
			return err
		}
		if link.Downloads >= link.MaxDownloads() {
			return collector.Refuse(collector.UsedUp, "link", "the installer link was downloaded as often as it may be")
		}
		if _, err := tx.ExecContext(ctx, "UPDATE links SET downloads = downloads + 1, used_ms = max(used_ms, ?) WHERE id = ?", millis(at), id); err != nil {
			return err
		}
		return addSecret(ctx, tx, link, secretHash, at)
	})
}

// RevokeLink ends a link and all its secrets; the first time stands.
func (r *Registry) RevokeLink(ctx context.Context, id string, at time.Time) error {
	return r.write(ctx, "revoke link", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "UPDATE links SET revoked_ms = iif(revoked_ms = 0, ?, revoked_ms) WHERE id = ?", millis(at), id)
		if err != nil {
			return err
		}
		if known, _ := result.RowsAffected(); known == 0 {
			return errNoLink
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
		if _, err := tx.ExecContext(ctx, "UPDATE links SET devices = devices + 1, used_ms = max(used_ms, ?) WHERE id = ?", millis(now), link); err != nil {
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
	}
	if err := usable(revoked != 0, moment(expires), usedUp, now); err != nil {
		return "", err
	}
	if lastMinute >= maxPerMinute {
		return "", collector.Refuse(collector.TooMany, "secret", "the installer link has enrolled %d devices within a minute; try again in a minute", lastMinute)
	}
	return link, nil
}

func usable(revoked bool, expiresAt time.Time, usedUp bool, now time.Time) error {
	switch {
	case revoked:
		return collector.Refuse(collector.Revoked, "secret", "the installer link was revoked")
	case !now.Before(expiresAt):
		return collector.Refuse(collector.Expired, "secret", "the installer link has expired")
	case usedUp:
		return collector.Refuse(collector.UsedUp, "secret", "the installer link has enrolled as many devices as it may")
	}
	return nil
}
