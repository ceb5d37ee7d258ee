package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"pursuit/models/store"
)

const (
	// publishedFor is how long a retired key stays in the published set. Access
	// tokens signed by it are dead after minutes; whoever caches the set is not.
	publishedFor = 90 * 24 * time.Hour
	keyIDBytes   = 6 // 8 characters
	// reloadEvery bounds how often unknown key ids cost a query: tokens that nobody
	// signed may come in any number, and one of a key that another instance has just
	// made waits no longer than this.
	reloadEvery = 50 * time.Millisecond
)

// ring holds the keys that sign and verify access tokens.
type ring struct {
	store *store.Store
	seal  SealingKey

	mu     sync.RWMutex
	public map[string]ed25519.PublicKey // retired ones too: a wiped phone confirms with an old token
	signer signer
	loaded time.Time // when the keys were last asked for

	asking sync.Mutex // held by whoever asks for an unknown key
}

type signer struct {
	id      string
	private ed25519.PrivateKey
}

// start makes the first key of a new server and loads what is there.
func (r *ring) start(ctx context.Context) error {
	keys, err := r.store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		if err := r.add(ctx, (*store.Tx).InsertFirstSigningKey); err != nil {
			return err
		}
	}
	_, err = r.current(ctx)
	return err
}

// rotate makes a new key that signs from now on; old ones go on verifying.
func (r *ring) rotate(ctx context.Context) (string, error) {
	err := r.add(ctx, func(tx *store.Tx, k store.SigningKey) (bool, error) { return true, tx.InsertSigningKey(k) })
	if err != nil {
		return "", err
	}
	now, err := r.current(ctx)
	return now.id, err
}

func (r *ring) add(ctx context.Context, insert func(*store.Tx, store.SigningKey) (bool, error)) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("make a signing key: %w", err)
	}
	key := store.SigningKey{ID: keyID(public), Public: public}
	if key.Sealed, err = r.seal.seal(key.ID, private.Seed()); err != nil {
		return fmt.Errorf("seal the signing key: %w", err)
	}
	return store.InTx(ctx, r.store, func(tx *store.Tx) error {
		_, err := insert(tx, key)
		return err
	})
}

// keyID names a key by its first bytes. The name is in every token, so it is short;
// among the few keys of a server it is unique all the same.
func keyID(public ed25519.PublicKey) string {
	return base64.RawURLEncoding.EncodeToString(public[:keyIDBytes])
}

// current gives the key that signs now, as the database says.
func (r *ring) current(ctx context.Context) (signer, error) {
	keys, err := r.load(ctx)
	if err != nil {
		return signer{}, err
	}
	if len(keys) == 0 {
		return signer{}, fmt.Errorf("there is no signing key")
	}
	newest := keys[len(keys)-1]
	r.mu.RLock()
	have := r.signer
	r.mu.RUnlock()
	if have.id == newest.ID {
		return have, nil
	}
	seed, err := r.seal.open(newest.ID, newest.Sealed)
	if err != nil || len(seed) != ed25519.SeedSize {
		return signer{}, fmt.Errorf("the signing key was %w: give every instance the same PURSUIT_KEY_FILE, "+
			"or run `pursuit keys rotate` to start with a new key (everybody signs in again)", errSealed)
	}
	have = signer{id: newest.ID, private: ed25519.NewKeyFromSeed(seed)}
	r.mu.Lock()
	r.signer = have
	r.mu.Unlock()
	return have, nil
}

func (r *ring) load(ctx context.Context) ([]store.SigningKey, error) {
	asked := time.Now()
	keys, err := r.store.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	public := make(map[string]ed25519.PublicKey, len(keys))
	for _, key := range keys {
		if len(key.Public) == ed25519.PublicKeySize {
			public[key.ID] = ed25519.PublicKey(key.Public)
		}
	}
	r.mu.Lock()
	r.public, r.loaded = public, asked
	r.mu.Unlock()
	return keys, nil
}

// verifier gives the public key of an id. One that is not known is asked for: another
// instance may just have made it.
func (r *ring) verifier(ctx context.Context, id string) (ed25519.PublicKey, bool) {
	came := time.Now()
	if key, ok, _ := r.known(id); ok {
		return key, true
	}
	r.asking.Lock()
	defer r.asking.Unlock()
	key, ok, loaded := r.known(id)
	if ok || loaded.After(came) {
		return key, ok
	}
	select {
	case <-time.After(reloadEvery - time.Since(loaded)):
	case <-ctx.Done():
		return nil, false
	}
	if _, err := r.load(ctx); err != nil {
		return nil, false
	}
	key, ok, _ = r.known(id)
	return key, ok
}

func (r *ring) known(id string) (key ed25519.PublicKey, ok bool, loaded time.Time) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	key, ok = r.public[id]
	return key, ok, r.loaded
}

// JWK is one public key as RFC 8037 writes it.
type JWK struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

func (r *ring) published(ctx context.Context) ([]JWK, error) {
	keys, err := r.load(ctx)
	if err != nil {
		return nil, err
	}
	oldest := r.store.Clock().Add(-publishedFor)
	out := []JWK{}
	for _, key := range keys {
		if !key.RetiredAt.IsZero() && key.RetiredAt.Before(oldest) {
			continue
		}
		out = append(out, JWK{Type: "OKP", Curve: "Ed25519", X: base64.RawURLEncoding.EncodeToString(key.Public),
			ID: key.ID, Use: "sig", Algorithm: "EdDSA"})
	}
	return out, nil
}
