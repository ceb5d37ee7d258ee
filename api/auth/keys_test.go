package auth_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pursuit/api/auth"
)

// Rotation by another process: old tokens stay good, new ones carry the new key,
// and the published set has both.
func TestRotation(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		before := s.login(t, "d")
		id, err := auth.RotateKeys(ctx, s.store, auth.SealingKey{1})
		must(t, err)
		after := s.login(t, "d")
		s.check(t, before.Access, "")
		s.check(t, after.Access, "")
		keys, err := s.PublicKeys(ctx)
		must(t, err)
		if len(keys) != 2 || keys[1].ID != id {
			t.Errorf("published are %+v, want the old key and %s", keys, id)
		}
		if strings.Split(before.Access, ".")[0] == strings.Split(after.Access, ".")[0] {
			t.Error("the new token was signed with the old key")
		}
	})
}

// Two instances that start at once share their keys; so do tokens.
func TestInstancesShareKeys(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		other, err := auth.New(context.Background(), s.store, auth.SealingKey{1}, auth.NewHasher(cheap))
		must(t, err)
		tokens := s.login(t, "d")
		_, err = other.Check(context.Background(), tokens.Access)
		must(t, err)
		_, err = other.Refresh(context.Background(), tokens.Refresh, "")
		must(t, err)
	})
}

// An instance takes a token of a key that another has made since it last asked, though
// it asked just now.
func TestInstancesHearOfANewKey(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		other, err := auth.New(ctx, s.store, auth.SealingKey{1}, auth.NewHasher(cheap))
		must(t, err)
		for range 3 {
			_, err = other.PublicKeys(ctx) // it has just asked
			must(t, err)
			_, err := auth.RotateKeys(ctx, s.store, auth.SealingKey{1})
			must(t, err)
			tokens := s.login(t, "d")
			_, err = other.Check(ctx, tokens.Access)
			must(t, err)
		}
	})
}

// A server with another key file says so at its start, instead of failing later;
// rotation starts afresh with it.
func TestAnotherKeyFile(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		_, err := auth.New(ctx, s.store, auth.SealingKey{2}, auth.NewHasher(cheap))
		if err == nil || !strings.Contains(err.Error(), "PURSUIT_KEY_FILE") {
			t.Fatalf("another key file was answered %v", err)
		}
		tokens := s.login(t, "d")
		_, err = auth.RotateKeys(ctx, s.store, auth.SealingKey{2})
		must(t, err)
		other, err := auth.New(ctx, s.store, auth.SealingKey{2}, auth.NewHasher(cheap))
		must(t, err)
		_, err = other.Refresh(ctx, tokens.Refresh, "")
		wantCode(t, err, "unauthorized")
	})
}

// The database alone gives no private key away.
func TestPrivateKeysAreSealed(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		keys, err := s.store.SigningKeys(context.Background())
		must(t, err)
		if len(keys) != 1 || len(keys[0].Sealed) < 60 || !keys[0].RetiredAt.IsZero() {
			t.Errorf("stored are %d keys, the first of %d sealed bytes", len(keys), len(keys[0].Sealed))
		}
	})
}

// Several processes that make the key file at once agree on one key; the file is
// its owner's alone, and a broken one is refused.
func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "pursuit.key")
	var all sync.WaitGroup
	keys := make([]auth.SealingKey, 8)
	for i := range keys {
		all.Go(func() {
			var err error
			if keys[i], err = auth.LoadKeyFile(path); err != nil {
				t.Errorf("load: %v", err)
			}
		})
	}
	all.Wait()
	for _, key := range keys {
		if key != keys[0] || key == (auth.SealingKey{}) {
			t.Error("the processes got different keys")
		}
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v", info.Mode())
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	must(t, os.WriteFile(path, []byte("not a key"), 0o600))
	if _, err := auth.LoadKeyFile(path); err == nil {
		t.Error("a broken key file was accepted")
	}
}

// A secret is random, long, and the same for everybody ever after.
func TestSecretStays(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		var all sync.WaitGroup
		got := make([]string, 8)
		for i := range got {
			all.Go(func() {
				secret, err := s.store.Secret(context.Background(), "cursors")
				if err != nil {
					t.Errorf("secret: %v", err)
				}
				got[i] = string(secret)
			})
		}
		all.Wait()
		other, err := s.store.Secret(context.Background(), "others")
		must(t, err)
		for _, secret := range got {
			if len(secret) != 32 || secret != got[0] || secret == string(other) {
				t.Error("the secret is not one")
			}
		}
	})
}
