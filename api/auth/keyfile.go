package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const keyBytes = 32 // AES-256

// SealingKey seals what the database must not tell by itself. Every instance of a
// server needs the same one.
type SealingKey [keyBytes]byte

// LoadKeyFile reads the sealing key from a file of 64 hex digits. An absent file
// is made with a random key, readable by its owner alone.
func LoadKeyFile(path string) (SealingKey, error) {
	key, err := readKeyFile(path)
	if !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	if err := makeKeyFile(path); err != nil && !errors.Is(err, os.ErrExist) { // another process may be first
		return key, fmt.Errorf("make the key file: %w", err)
	}
	return readKeyFile(path)
}

func readKeyFile(path string) (key SealingKey, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return key, fmt.Errorf("read the key file: %w", err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != keyBytes {
		return key, fmt.Errorf("the key file %s must hold %d hex digits", path, 2*keyBytes)
	}
	return SealingKey(raw), nil
}

// makeKeyFile writes the file whole or not at all, and never over another.
func makeKeyFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(path), ".pursuit-key-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	var key SealingKey
	rand.Read(key[:]) // never fails
	_, err = part.WriteString(hex.EncodeToString(key[:]) + "\n")
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return err
	}
	return os.Link(part.Name(), path)
}

// derive makes the key of one purpose from the key file and a secret of the
// database: who has only one of the two can forge nothing.
func (k SealingKey) derive(secret []byte, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, append(append([]byte{}, k[:]...), secret...), nil, "pursuit "+purpose, sha256.Size)
}

// seal encrypts and authenticates text together with its name.
func (k SealingKey) seal(name string, text []byte) ([]byte, error) {
	box, err := k.box()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize())
	rand.Read(nonce) // never fails
	return box.Seal(nonce, nonce, text, []byte(name)), nil
}

var errSealed = errors.New("sealed with another key file")

// open reverses seal; errSealed when the key or the name is another.
func (k SealingKey) open(name string, sealed []byte) ([]byte, error) {
	box, err := k.box()
	if err != nil {
		return nil, err
	}
	if len(sealed) < box.NonceSize() {
		return nil, errSealed
	}
	text, err := box.Open(nil, sealed[:box.NonceSize()], sealed[box.NonceSize():], []byte(name))
	if err != nil {
		return nil, errSealed
	}
	return text, nil
}

func (k SealingKey) box() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
