// Package authenticode signs programs and packages for Windows on any system that has osslsigncode.
package authenticode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/dayline-project/dayline/shared/token"
)

// Signer signs with a certificate and its key.
type Signer struct {
	// File is a PKCS#12 file.
	File, Password string
	// TimestampURL is that of a timestamp authority (RFC 3161); without it a signature ends with its certificate.
	TimestampURL string
}

// Sign gives a program or package signed.
func (s Signer) Sign(ctx context.Context, whole []byte) ([]byte, error) { return s.sign(ctx, whole) }

// SignReserving signs a package with room in its signature for an enrolment string, which the signature does not cover.
func (s Signer) SignReserving(ctx context.Context, whole []byte) ([]byte, error) {
	signed, err := s.sign(ctx, whole, "-addUnauthenticatedBlob")
	if err != nil {
		return nil, err
	}
	found, err := token.FindReserved(bytes.NewReader(signed))
	if err != nil {
		return nil, err
	}
	for _, room := range found {
		if room.Signed {
			return signed, nil
		}
	}
	return nil, errors.New("authenticode: the signature has no room for an enrolment string")
}

func (s Signer) sign(ctx context.Context, whole []byte, with ...string) ([]byte, error) {
	scratch, err := os.MkdirTemp("", "dayline-sign-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	plain, signed := filepath.Join(scratch, "plain"), filepath.Join(scratch, "signed")
	if err := os.WriteFile(plain, whole, 0o600); err != nil {
		return nil, err
	}
	// The password goes by standard input: everybody on a computer may see what stands on a command line.
	arguments := append([]string{"sign", "-pkcs12", s.File, "-readpass", "-", "-h", "sha256", "-n", "Dayline agent", "-in", plain, "-out", signed}, with...)
	if s.TimestampURL != "" {
		arguments = append(arguments, "-ts", s.TimestampURL)
	}
	command := exec.CommandContext(ctx, "osslsigncode", arguments...)
	command.Stdin = strings.NewReader(s.Password)
	output, err := command.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, errors.New("authenticode: osslsigncode is missing: install it")
	}
	if err != nil {
		return nil, fmt.Errorf("authenticode: osslsigncode: %w: %s", err, strings.TrimSpace(string(output)))
	}
	return os.ReadFile(signed)
}
