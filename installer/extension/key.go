package extension

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The bits of a key: browsers take what is packed with 2,048, and stores ask for no more.
const bits = 2048

const (
	privateBlock = "PRIVATE KEY"
	publicBlock  = "PUBLIC KEY"
)

// NewKey writes a new private key to a file, PKCS#8 in PEM, for its owner alone. A file that is there is never replaced, and the
// error is fs.ErrExist: with another key the extension is another extension to every browser.
func NewKey(file string) (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, fmt.Errorf("extension: new key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("extension: new key: %w", err)
	}
	// It appears whole or not at all, for whoever else looks for it.
	part, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return nil, fmt.Errorf("extension: new key: %w", err)
	}
	defer os.Remove(part.Name())
	err = pem.Encode(part, &pem.Block{Type: privateBlock, Bytes: der})
	if closed := part.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Link(part.Name(), file)
	}
	if err != nil {
		return nil, fmt.Errorf("extension: new key: %w", err)
	}
	return key, nil
}

// DevelopmentKey is the key of builds that nobody is given: read from a file, which is made where there is none. Programs and
// extension of one tree share it, whoever builds first.
func DevelopmentKey(file string) (*rsa.PrivateKey, error) {
	key, err := ReadKey(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, fmt.Errorf("extension: development key: %w", err)
	}
	if key, err = NewKey(file); errors.Is(err, fs.ErrExist) {
		return ReadKey(file)
	}
	return key, err
}

// ReadKey reads a private key, as NewKey writes them.
func ReadKey(file string) (*rsa.PrivateKey, error) {
	block, err := readBlock(file)
	if err != nil {
		return nil, err
	}
	if block.Type != privateBlock {
		return nil, fmt.Errorf("extension: %s holds no private key (PKCS#8, PEM)", file)
	}
	return privateKey(file, block)
}

// ReadPublicKey reads the public half of a key, from a file of either half in PEM.
func ReadPublicKey(file string) (*rsa.PublicKey, error) {
	block, err := readBlock(file)
	if err != nil {
		return nil, err
	}
	if block.Type == privateBlock {
		key, err := privateKey(file, block)
		if err != nil {
			return nil, err
		}
		return &key.PublicKey, nil
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("extension: %s: %w", file, err)
	}
	known, ok := public.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("extension: %s holds no RSA key", file)
	}
	return known, nil
}

func readBlock(file string) (*pem.Block, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("extension: key: %w", err)
	}
	block, _ := pem.Decode(content)
	if block == nil || block.Type != privateBlock && block.Type != publicBlock {
		return nil, fmt.Errorf("extension: %s holds no key (PKCS#8 or PKIX, PEM)", file)
	}
	return block, nil
}

func privateKey(file string, block *pem.Block) (*rsa.PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("extension: %s: %w", file, err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok || key.N.BitLen() < bits {
		return nil, fmt.Errorf("extension: %s holds no RSA key of %d bits", file, bits)
	}
	return key, nil
}
