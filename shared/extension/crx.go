package extension

import (
	"archive/zip"
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// The form of a CRX of version 3: "Cr24", the version and the header's length in 4 bytes each, lower byte first, the header and a
// zip. The header's messages and the bytes that are signed are those of
// https://chromium.googlesource.com/chromium/src/+/main/components/crx_file/crx3.proto.
const (
	crxMagic    = "Cr24"
	crxVersion  = 3
	crxPreamble = len(crxMagic) + 4 + 4
	crxSigned   = "CRX3 SignedData\x00"

	fieldRSA        protowire.Number = 2
	fieldSignedData protowire.Number = 10_000
	fieldKey        protowire.Number = 1
	fieldSignature  protowire.Number = 2
	fieldID         protowire.Number = 1
)

var errCRX = errors.New("it is no CRX of version 3")

// PackCRX packs a zip for browsers of Chromium's kind. Equal arguments give equal bytes.
func PackCRX(archive []byte, key *rsa.PrivateKey) ([]byte, error) {
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("extension: pack: %w", err)
	}
	id := sha256.Sum256(public)
	signed := message(fieldID, id[:16])
	sum := crxSum(signed, archive)
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum)
	if err != nil {
		return nil, fmt.Errorf("extension: pack: %w", err)
	}
	proof := append(message(fieldKey, public), message(fieldSignature, signature)...)
	header := append(message(fieldRSA, proof), message(fieldSignedData, signed)...)
	whole := binary.LittleEndian.AppendUint32([]byte(crxMagic), crxVersion)
	whole = binary.LittleEndian.AppendUint32(whole, uint32(len(header)))
	return append(append(whole, header...), archive...), nil
}

func message(field protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), content)
}

// crxSum is what of a CRX is signed.
func crxSum(signed, archive []byte) []byte {
	hash := sha256.New()
	hash.Write([]byte(crxSigned))
	hash.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(signed))))
	hash.Write(signed)
	hash.Write(archive)
	return hash.Sum(nil)
}

// verifyCRX gives the zip of a CRX that this key packed, and no other.
func verifyCRX(crx []byte, believed *rsa.PublicKey) (archive []byte, err error) {
	if len(crx) < crxPreamble || string(crx[:len(crxMagic)]) != crxMagic || binary.LittleEndian.Uint32(crx[4:]) != crxVersion {
		return nil, errCRX
	}
	length := uint64(binary.LittleEndian.Uint32(crx[8:]))
	if length > uint64(len(crx)-crxPreamble) {
		return nil, errCRX
	}
	header, archive := crx[crxPreamble:][:length], crx[crxPreamble:][length:]
	proof, signed, err := pair(header, fieldRSA, fieldSignedData)
	if err != nil {
		return nil, err
	}
	key, signature, err := pair(proof, fieldKey, fieldSignature)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(believed)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(public)
	if !bytes.Equal(key, public) || !bytes.Equal(signed, message(fieldID, id[:16])) {
		return nil, errors.New("it is packed with another key")
	}
	if err := rsa.VerifyPKCS1v15(believed, crypto.SHA256, crxSum(signed, archive), signature); err != nil {
		return nil, errors.New("its signature does not fit")
	}
	return archive, nil
}

// pair reads a message of two fields of bytes, each once and nothing besides.
func pair(text []byte, one, two protowire.Number) (first, second []byte, err error) {
	for len(text) > 0 {
		field, kind, n := protowire.ConsumeTag(text)
		if n < 0 || kind != protowire.BytesType {
			return nil, nil, errCRX
		}
		content, m := protowire.ConsumeBytes(text[n:])
		if m < 0 {
			return nil, nil, errCRX
		}
		text = text[n+m:]
		switch {
		case field == one && first == nil:
			first = content
		case field == two && second == nil:
			second = content
		default:
			return nil, nil, errCRX
		}
	}
	return first, second, nil
}

// Bounds of a zip: the extension has a dozen files of some kilobytes.
const (
	maxFiles = 64
	maxWhole = 1 << 20
)

// unzip gives the files of a zip by their names.
func unzip(archive []byte) (map[string][]byte, error) {
	reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	if len(reader.File) > maxFiles {
		return nil, fmt.Errorf("it holds %d files", len(reader.File))
	}
	files, left := map[string][]byte{}, int64(maxWhole)
	for _, entry := range reader.File {
		if strings.HasSuffix(entry.Name, "/") {
			continue
		}
		if _, twice := files[entry.Name]; twice {
			return nil, fmt.Errorf("it holds %q twice", entry.Name)
		}
		file, err := entry.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(io.LimitReader(file, left+1))
		if err != nil {
			return nil, err
		}
		if left -= int64(len(content)); left < 0 {
			return nil, fmt.Errorf("it holds more than %d bytes", maxWhole)
		}
		files[entry.Name] = content
	}
	return files, nil
}
