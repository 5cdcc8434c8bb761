package sqlite

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

const selectDevices = `SELECT id, public_key, name, os, os_version, arch, agent_version, hardware, time_zone,
	coalesce(link, ''), version_ms, enrolled_ms, revoked_ms, uninstall_ms, contact_ms, episode_ms,
	coalesce((SELECT group_concat(flag, char(31)) FROM device_flags WHERE device = id), '')
	FROM devices JOIN contacts ON contacts.device = id`

func scanDevice(row interface{ Scan(...any) error }) (collector.Device, error) {
	var d collector.Device
	var version, enrolled, revoked, uninstall, contact, episode int64
	var flags string
	err := row.Scan(&d.ID, &d.PublicKey, &d.Name, &d.OS, &d.OSVersion, &d.Arch, &d.AgentVersion, &d.Hardware, &d.TimeZone,
		&d.LinkID, &version, &enrolled, &revoked, &uninstall, &contact, &episode, &flags)
	if flags != "" {
		d.Flags = strings.Split(flags, "\x1f")
		slices.Sort(d.Flags)
	}
	d.VersionAt, d.EnrolledAt, d.RevokedAt, d.UninstallAt = moment(version), moment(enrolled), moment(revoked), moment(uninstall)
	d.LastContactAt, d.LastEpisodeAt = moment(contact), moment(episode)
	return d, err
}

// Device finds a device by its id.
func (r *Registry) Device(ctx context.Context, id string) (collector.Device, error) {
	return r.oneDevice(ctx, " WHERE id = ?", id)
}

// DeviceByKey finds the device that has this key now.
func (r *Registry) DeviceByKey(ctx context.Context, publicKey []byte) (collector.Device, error) {
	return r.oneDevice(ctx, " WHERE public_key = ?", publicKey)
}

func (r *Registry) oneDevice(ctx context.Context, where string, arg any) (collector.Device, error) {
	all, err := r.devices(ctx, where, arg)
	if err == nil && len(all) == 0 {
		err = unknownDevice()
	}
	if err != nil {
		return collector.Device{}, err
	}
	return all[0], nil
}

// Devices lists all devices in the order of their ids.
func (r *Registry) Devices(ctx context.Context) ([]collector.Device, error) {
	return r.devices(ctx, " ORDER BY id")
}

func (r *Registry) devices(ctx context.Context, where string, args ...any) ([]collector.Device, error) {
	return collect(ctx, r.reader, "devices", func(rows *sql.Rows) (collector.Device, error) { return scanDevice(rows) },
		selectDevices+where, args...)
}

func unknownDevice() error {
	return collector.Refuse(collector.NotFound, "device", "there is no such device")
}

// AddDevice admits a device without a link.
func (r *Registry) AddDevice(ctx context.Context, device collector.Device) error {
	return r.write(ctx, "add device", func(tx *sql.Tx) error { return addDevice(ctx, tx, &device) })
}

func addDevice(ctx context.Context, tx *sql.Tx, d *collector.Device) error {
	if d.ID == "" || len(d.PublicKey) != ed25519.PublicKeySize {
		return collector.Refuse(collector.BadRequest, "public_key", "a device needs an id and an Ed25519 key of 32 bytes")
	}
	if err := keyIsNew(ctx, tx, d.PublicKey); err != nil {
		return err
	}
	var known int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM devices WHERE id = ?", d.ID).Scan(&known); err != nil {
		return err
	}
	if known > 0 {
		return collector.Refuse(collector.Conflict, "device", "there is a device of this id")
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO devices (id, public_key, name, os, os_version, arch, agent_version, hardware,
		time_zone, link, enrolled_ms, revoked_ms, uninstall_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?, ?)`,
		d.ID, d.PublicKey, d.Name, d.OS, d.OSVersion, d.Arch, d.AgentVersion, d.Hardware, d.TimeZone, d.LinkID,
		millis(d.EnrolledAt), millis(d.RevokedAt), millis(d.UninstallAt))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO contacts (device, contact_ms, episode_ms) VALUES (?, ?, ?)",
		d.ID, millis(d.LastContactAt), millis(d.LastEpisodeAt))
	for _, flag := range d.Flags {
		if err == nil {
			err = flagDevice(ctx, tx, d.ID, flag)
		}
	}
	return err
}

// keyIsNew refuses a key that is or was a device's.
func keyIsNew(ctx context.Context, tx *sql.Tx, key []byte) error {
	var known int
	err := tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM devices WHERE public_key = ?1) +
		(SELECT count(*) FROM replaced_keys WHERE public_key = ?1)`, key).Scan(&known)
	if err == nil && known > 0 {
		err = collector.Refuse(collector.Conflict, "public_key", "this key is or was a device's")
	}
	return err
}

// RekeyDevice replaces a device's key and remembers the old one as replaced.
func (r *Registry) RekeyDevice(ctx context.Context, id string, oldKey, newKey []byte) error {
	return r.write(ctx, "rekey device", func(tx *sql.Tx) error {
		if len(newKey) != ed25519.PublicKeySize {
			return collector.Refuse(collector.BadRequest, "new_public_key", "an Ed25519 key has 32 bytes")
		}
		if err := keyIsNew(ctx, tx, newKey); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "UPDATE devices SET public_key = ? WHERE id = ? AND public_key = ?", newKey, id, oldKey)
		if err != nil {
			return err
		}
		if changed, _ := result.RowsAffected(); changed == 0 {
			if err := mustExist(ctx, tx, id); err != nil {
				return err
			}
			return collector.Refuse(collector.Conflict, "public_key", "the device has another key")
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO replaced_keys (public_key, device) VALUES (?, ?)", oldKey, id)
		return err
	})
}

// KeyReplaced tells whether this key was once a device's and was replaced.
func (r *Registry) KeyReplaced(ctx context.Context, publicKey []byte) (bool, error) {
	found, err := collect(ctx, r.reader, "key replaced", func(rows *sql.Rows) (n int, err error) { return n, rows.Scan(&n) },
		"SELECT count(*) FROM replaced_keys WHERE public_key = ?", publicKey)
	return err == nil && found[0] > 0, err
}

// Contacts records many contacts in one transaction. Times only go forward, so that order does not matter.
func (r *Registry) Contacts(ctx context.Context, contacts []collector.Contact) error {
	if len(contacts) == 0 {
		return nil
	}
	return r.write(ctx, "contacts", func(tx *sql.Tx) error {
		touch, err := tx.PrepareContext(ctx, `UPDATE contacts SET contact_ms = max(contact_ms, ?), episode_ms = max(episode_ms, ?)
			WHERE device = ?`)
		if err != nil {
			return err
		}
		defer touch.Close()
		for i := range contacts {
			c := &contacts[i]
			result, err := touch.ExecContext(ctx, millis(c.At), millis(c.LastEpisodeAt), c.Device)
			if err != nil {
				return err
			}
			if known, _ := result.RowsAffected(); known == 0 {
				continue
			}
			if err := news(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// news keeps facts and health, where a contact has any.
func news(ctx context.Context, tx *sql.Tx, c *collector.Contact) error {
	if f := c.Facts; f != nil {
		_, err := tx.ExecContext(ctx, `UPDATE devices SET name = ?1, os = ?2, os_version = ?3, arch = ?4,
			version_ms = iif(agent_version IN ('', ?5), version_ms, ?6), agent_version = ?5, hardware = ?7, time_zone = ?8 WHERE id = ?9`,
			f.Name, f.Os, f.OsVersion, f.Arch, f.AgentVersion, millis(c.At), f.Hardware, f.TimeZone, c.Device)
		if err != nil {
			return err
		}
	}
	if c.Health == nil {
		return nil
	}
	health, err := proto.Marshal(c.Health)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO health (device, health) VALUES (?, ?) ON CONFLICT (device) DO UPDATE SET health = excluded.health",
		c.Device, health)
	return err
}

// Health is what a device last said of itself; empty before it did.
func (r *Registry) Health(ctx context.Context, id string) (*agentv1.Health, error) {
	all, err := collect(ctx, r.reader, "health", func(rows *sql.Rows) (*agentv1.Health, error) {
		var bytes []byte
		health := &agentv1.Health{}
		return health, errors.Join(rows.Scan(&bytes), proto.Unmarshal(bytes, health))
	}, "SELECT coalesce(health, x'') FROM devices LEFT JOIN health ON device = id WHERE id = ?", id)
	if err == nil && len(all) == 0 {
		err = unknownDevice()
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Healths is what all devices last said of themselves, by id.
func (r *Registry) Healths(ctx context.Context) (map[string]*agentv1.Health, error) {
	all := map[string]*agentv1.Health{}
	_, err := collect(ctx, r.reader, "healths", func(rows *sql.Rows) (struct{}, error) {
		var device string
		var bytes []byte
		if err := rows.Scan(&device, &bytes); err != nil {
			return struct{}{}, err
		}
		all[device] = &agentv1.Health{}
		return struct{}{}, proto.Unmarshal(bytes, all[device])
	}, "SELECT device, health FROM health")
	return all, err
}

// FlagDevice adds a flag; one that is there stays.
func (r *Registry) FlagDevice(ctx context.Context, id, flag string) error {
	return r.write(ctx, "flag device", func(tx *sql.Tx) error {
		if err := mustExist(ctx, tx, id); err != nil {
			return err
		}
		return flagDevice(ctx, tx, id, flag)
	})
}

func flagDevice(ctx context.Context, tx *sql.Tx, id, flag string) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO device_flags (device, flag) VALUES (?, ?) ON CONFLICT DO NOTHING", id, flag)
	return err
}

// RevokeDevice refuses a device from then on, and ends the sessions that it opened; the first time stands.
func (r *Registry) RevokeDevice(ctx context.Context, id string, at time.Time) error {
	if err := r.mark(ctx, "revoke device", "UPDATE devices SET revoked_ms = iif(revoked_ms = 0, ?, revoked_ms) WHERE id = ?", at, id); err != nil {
		return err
	}
	return r.write(ctx, "end a device's sessions", func(tx *sql.Tx) error { return deleteAll(ctx, tx, id, "tokens WHERE owner_device = ?") })
}

// UninstallDevice asks the agent to remove itself; the first time stands.
func (r *Registry) UninstallDevice(ctx context.Context, id string, at time.Time) error {
	return r.mark(ctx, "uninstall device", "UPDATE devices SET uninstall_ms = iif(uninstall_ms = 0, ?, uninstall_ms) WHERE id = ?", at, id)
}

func (r *Registry) mark(ctx context.Context, what, update string, at time.Time, id string) error {
	return r.write(ctx, what, func(tx *sql.Tx) error {
		if err := mustExist(ctx, tx, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, update, millis(at), id)
		return err
	})
}

func mustExist(ctx context.Context, tx *sql.Tx, id string) error {
	var known int
	err := tx.QueryRowContext(ctx, "SELECT count(*) FROM devices WHERE id = ?", id).Scan(&known)
	if err == nil && known == 0 {
		err = unknownDevice()
	}
	return err
}
