package access

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"testing"
)

// authenticator makes and uses passkeys as the hardware and browser of one person would: ES256, no attestation.
type authenticator struct {
	t       *testing.T
	key     *ecdsa.PrivateKey
	id      []byte
	handle  string
	counter uint32
	// flags: user present, user verified.
	flags byte
	// origin that the browser tells; empty: that of the site.
	origin string
}

func newAuthenticator(t *testing.T) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	rand.Read(id)
	return &authenticator{t: t, key: key, id: id, flags: 0x05}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// clientData is what the browser says of the page.
func (a *authenticator) clientData(kind, challenge string, site Site) []byte {
	origin := site.Origin
	if a.origin != "" {
		origin = a.origin
	}
	return fmt.Appendf(nil, `{"type":%q,"challenge":%q,"origin":%q,"crossOrigin":false}`, kind, challenge, origin)
}

// data is what the authenticator says of itself.
func (a *authenticator) data(host string, flags byte) []byte {
	hash := sha256.Sum256([]byte(host))
	a.counter++
	return binary.BigEndian.AppendUint32(append(hash[:], flags), a.counter)
}

// create answers the options of a registration.
func (a *authenticator) create(options []byte, site Site) []byte {
	a.t.Helper()
	var o struct {
		Challenge string
		RP        struct{ ID string }
		User      struct{ ID string }
	}
	if err := json.Unmarshal(options, &o); err != nil {
		a.t.Fatal(err)
	}
	a.handle = o.User.ID
	point, err := a.key.PublicKey.Bytes()
	if err != nil {
		a.t.Fatal(err)
	}
	data := append(a.data(o.RP.ID, a.flags|0x40), make([]byte, 16)...)
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(a.id))), a.id...)
	data = append(append(data, 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32), point[1:33]...) // COSE: EC2, ES256, P-256
	data = append(append(data, 0x22, 0x58, 32), point[33:]...)
	object := append([]byte{0xa3, 0x63}, "fmt"...)
	object = append(append(object, 0x64), "none"...)
	object = append(append(append(object, 0x67), "attStmt"...), 0xa0)
	object = append(append(append(object, 0x68), "authData"...), 0x58, byte(len(data)))
	return a.credential(map[string]any{
		"clientDataJSON": b64(a.clientData("webauthn.create", o.Challenge, site)), "attestationObject": b64(append(object, data...)),
	})
}

// get answers the options of a sign-in.
func (a *authenticator) get(options []byte, site Site) []byte {
	a.t.Helper()
	var o struct{ Challenge, RPID string }
	if err := json.Unmarshal(options, &o); err != nil {
		a.t.Fatal(err)
	}
	client, data := a.clientData("webauthn.get", o.Challenge, site), a.data(o.RPID, a.flags)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(data[:len(data):len(data)], hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, signed[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return a.credential(map[string]any{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": a.handle,
	})
}

func (a *authenticator) credential(response map[string]any) []byte {
	text, err := json.Marshal(map[string]any{
		"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{},
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return text
}
