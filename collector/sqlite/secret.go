package sqlite

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// seal keeps secrets under the key of the key file: AES-256-GCM, a random nonce before the text, the secret's name
// bound to it.
type seal struct {
	key  []byte
	aead cipher.AEAD
}

func newSeal(key []byte) (*seal, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &seal{key: key, aead: aead}, nil
}

func (s *seal) close(name string, value []byte) []byte {
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(value)+s.aead.Overhead())
	rand.Read(nonce)
	return s.aead.Seal(nonce, nonce, value, []byte(name))
}

func (s *seal) open(name string, sealed []byte) ([]byte, error) {
	size := s.aead.NonceSize()
	if len(sealed) < size {
		return nil, errors.New("a sealed secret cut short")
	}
	value, err := s.aead.Open(nil, sealed[:size], sealed[size:], []byte(name))
	if err != nil {
		return nil, fmt.Errorf("the secret %q does not open with this key file", name)
	}
	return value, nil
}

// openSeal reads the key file, or makes one for a registry that has no secrets yet, and tries it.
func (r *Registry) openSeal(ctx context.Context, file string) (*seal, error) {
	var name string
	var sealed []byte
	err := r.writer.QueryRowContext(ctx, "SELECT name, sealed FROM secrets LIMIT 1").Scan(&name, &sealed)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	key, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if name != "" {
			return nil, fmt.Errorf("%s is missing: the secrets cannot be opened without it", filepath.Base(file))
		}
		key = make([]byte, 32)
		rand.Read(key)
		if err = writeNew(file, key); err == nil {
			err = syncDir(filepath.Dir(file))
		}
	}
	if err != nil {
		return nil, err
	}
	if len(key) != 32 {
		return nil, fmt.Errorf("%s has %d bytes in place of 32", filepath.Base(file), len(key))
	}
	seal, err := newSeal(key)
	if err == nil && name != "" {
		_, err = seal.open(name, sealed)
	}
	return seal, err
}

// Secret gives a named secret, making and keeping it at first use.
func (r *Registry) Secret(ctx context.Context, name string, generate func() ([]byte, error)) ([]byte, error) {
	var value []byte
	err := r.write(ctx, "secret", func(tx *sql.Tx) error {
		var sealed []byte
		err := tx.QueryRowContext(ctx, "SELECT sealed FROM secrets WHERE name = ?", name).Scan(&sealed)
		if err == nil {
			value, err = r.seal.open(name, sealed)
			return err
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if value, err = generate(); err != nil {
			return fmt.Errorf("generate %s: %w", name, err)
		}
		return r.putSecret(ctx, tx, name, value)
	})
	if err != nil {
		return nil, err
	}
	return value, nil
}

// PutSecret replaces a named secret; the old one is in no file afterwards.
func (r *Registry) PutSecret(ctx context.Context, name string, value []byte) error {
	err := r.write(ctx, "put secret", func(tx *sql.Tx) error { return r.putSecret(ctx, tx, name, value) })
	if err != nil {
		return err
	}
	return r.fold(ctx)
}

func (r *Registry) putSecret(ctx context.Context, tx *sql.Tx, name string, value []byte) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO secrets (name, sealed) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed",
		name, r.seal.close(name, value))
	return err
}
