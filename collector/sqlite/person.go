package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/stream"
)

const selectLogins = "SELECT key, name, device, person FROM logins"

func scanLogin(rows *sql.Rows) (l collector.Login, err error) {
	return l, rows.Scan(&l.Key, &l.Name, &l.Device, &l.Person)
}

// LoginPeople gives the person of each login, making a person for each login not seen before. What is known already
// takes no write.
func (r *Registry) LoginPeople(ctx context.Context, device string, logins []stream.Login) (map[string]collector.Login, error) {
	found := map[string]collector.Login{}
	for _, login := range logins {
		key := collector.LoginKey(device, login)
		known, err := collect(ctx, r.reader, "login people", scanLogin, `SELECT l.key, iif(l.device = '', n.name, l.name), l.device, l.person
			FROM logins l LEFT JOIN login_names n ON n.device = ? AND n.login = l.key WHERE l.key = ? AND (l.device <> '' OR n.name NOT NULL)`, device, key)
		if err != nil {
			return nil, err
		}
		if len(known) == 0 || login.Name != "" && known[0].Name != login.Name {
			return r.learn(ctx, device, logins)
		}
		found[key] = known[0]
	}
	return found, nil
}

func (r *Registry) learn(ctx context.Context, device string, logins []stream.Login) (map[string]collector.Login, error) {
	found := map[string]collector.Login{}
	err := r.write(ctx, "login people", func(tx *sql.Tx) error {
		for _, login := range logins {
			l, err := learnLogin(ctx, tx, device, login)
			if err != nil {
				return err
			}
			found[l.Key] = l
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// learnLogin makes sure of one login: a new one gets a person of its own. What a device calls it holds for that device:
// of a directory account, the name that all see is that of the device which told of it first.
func learnLogin(ctx context.Context, tx *sql.Tx, device string, login stream.Login) (collector.Login, error) {
	l := collector.Login{Key: collector.LoginKey(device, login), Name: login.Name}
	if l.Name == "" {
		l.Name = login.Account
	}
	if login.Account == "" {
		return l, collector.Refuse(collector.BadRequest, "login.account", "a login has an account")
	}
	if strings.HasPrefix(l.Key, device+`\`) {
		l.Device = device
	}
	err := tx.QueryRowContext(ctx, "SELECT person FROM logins WHERE key = ?", l.Key).Scan(&l.Person)
	if errors.Is(err, sql.ErrNoRows) {
		l.Person, err = addLogin(ctx, tx, device, l)
	} else if err == nil && login.Name != "" {
		_, err = tx.ExecContext(ctx, "UPDATE logins SET name = ?1 WHERE key = ?2 AND name <> ?1 AND (device <> '' OR told_by = ?3)", l.Name, l.Key, device)
	}
	if err != nil || l.Device != "" {
		return l, err
	}
	keep := "UPDATE SET name = excluded.name"
	if login.Name == "" {
		keep = "NOTHING"
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO login_names (device, login, name) VALUES (?, ?, ?) ON CONFLICT DO "+keep, device, l.Key, l.Name)
	return l, err
}

// addLogin keeps a login not seen before, with a person of its own.
func addLogin(ctx context.Context, tx *sql.Tx, device string, l collector.Login) (person string, err error) {
	var told int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM logins WHERE told_by = ?", device).Scan(&told); err != nil {
		return "", err
	}
	if told >= collector.MaxLogins {
		return "", collector.Refuse(collector.TooMany, "logins", "the device has told of %d logins", told)
	}
	person = newPersonID()
	if _, err := tx.ExecContext(ctx, "INSERT INTO people (id, name) VALUES (?, ?)", person, l.Name); err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO logins (key, name, device, person, told_by) VALUES (?, ?, ?, ?, ?)",
		l.Key, l.Name, l.Device, person, device)
	return person, err
}

// newPersonID gives "p-" and 12 hex digits.
func newPersonID() string {
	random := make([]byte, 6)
	rand.Read(random)
	return "p-" + hex.EncodeToString(random)
}

// Logins lists all logins in the order of their keys.
func (r *Registry) Logins(ctx context.Context) ([]collector.Login, error) {
	return collect(ctx, r.reader, "logins", scanLogin, selectLogins+" ORDER BY key")
}

// LoginNames is what each device calls a directory login.
func (r *Registry) LoginNames(ctx context.Context) (map[collector.Owner]string, error) {
	type row struct {
		collector.Owner
		name string
	}
	rows, err := collect(ctx, r.reader, "login names", func(rows *sql.Rows) (one row, err error) {
		return one, rows.Scan(&one.Device, &one.LoginKey, &one.name)
	}, "SELECT device, login, name FROM login_names")
	if err != nil {
		return nil, err
	}
	names := make(map[collector.Owner]string, len(rows))
	for _, row := range rows {
		names[row.Owner] = row.name
	}
	return names, nil
}

// People lists all people in the order of their ids, each with the names of its logins, sorted.
func (r *Registry) People(ctx context.Context) ([]collector.Person, error) {
	type row struct {
		collector.Person
		login sql.NullString
	}
	rows, err := collect(ctx, r.reader, "people", func(rows *sql.Rows) (one row, err error) {
		return one, rows.Scan(&one.ID, &one.Name, &one.Email, &one.login)
	}, "SELECT p.id, p.name, p.email, l.name FROM people p LEFT JOIN logins l ON l.person = p.id ORDER BY p.id, l.name")
	if err != nil {
		return nil, err
	}
	var people []collector.Person
	for _, row := range rows {
		if last := len(people) - 1; last < 0 || people[last].ID != row.ID {
			people = append(people, row.Person)
		}
		if person := &people[len(people)-1]; row.login.Valid && !slices.Contains(person.Logins, row.login.String) {
			person.Logins = append(person.Logins, row.login.String)
		}
	}
	return people, nil
}
