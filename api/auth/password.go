package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"math"
	"runtime"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"pursuit/models"
)

const (
	passwordMin     = 8    // characters; docs/protocol.md is silent, NIST SP 800-63B asks for eight
	passwordMax     = 1024 // bytes; hashing must not be a way to burn time
	saltBytes       = 16
	hashBytes       = 32
	hashQueueLimit  = 256     // sign-ins that wait for a core; at 20 ms each, some seconds
	memoryLimitKiB  = 1 << 18 // a stored hash may not ask for more than 256 MiB
	passesLimit     = 16
	retryAfterQueue = 2 // seconds
)

// Cost is what one hash costs.
type Cost struct {
	Passes    uint32
	MemoryKiB uint32
}

// StandardCost is two passes over 19 MiB in one lane, about 20 ms.
var StandardCost = Cost{Passes: 2, MemoryKiB: 19 * 1024}

// Hasher makes and checks argon2id hashes, on as many cores as there are at a time.
type Hasher struct {
	cost    Cost
	slots   chan struct{}
	waiting atomic.Int32
	decoy   string
}

// NewHasher makes a hasher. Tests may give a lower cost.
func NewHasher(cost Cost) *Hasher {
	h := &Hasher{cost: cost, slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
	h.decoy = h.encode(make([]byte, saltBytes), make([]byte, hashBytes))
	return h
}

// CheckNew tells whether a password may be set; the fault names the given place.
func CheckNew(location, password string) error {
	switch {
	case !utf8.ValidString(password) || len(password) > passwordMax:
		return models.Invalid(location, fmt.Sprintf("must be text of at most %d bytes", passwordMax))
	case utf8.RuneCountInString(password) < passwordMin:
		return models.Invalid(location, fmt.Sprintf("must have at least %d characters", passwordMin))
	}
	return nil
}

// Hash makes the hash to store of a password, with its parameters and a new salt.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	release, err := h.acquire(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails
	return h.encode(salt, argon2.IDKey([]byte(password), salt, h.cost.Passes, h.cost.MemoryKiB, 1, hashBytes)), nil
}

// Verify tells whether a password belongs to a stored hash. Without a hash it does
// the same work and answers false.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (bool, error) {
	if len(password) > passwordMax {
		password = "" // no such password was ever set; the work is done all the same
	}
	cost, salt, want, ok := decode(stored)
	if !ok {
		cost, salt, want, _ = decode(h.decoy)
	}
	release, err := h.acquire(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	got := argon2.IDKey([]byte(password), salt, cost.Passes, cost.MemoryKiB, 1, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && ok, nil
}

// acquire waits for a free core, in a queue of bounded length.
func (h *Hasher) acquire(ctx context.Context) (func(), error) {
	if h.waiting.Add(1) > hashQueueLimit {
		h.waiting.Add(-1)
		e := models.E(models.KindTooMany, "too_many_attempts", "Too many people sign in at this moment.")
		e.RetryAfter = retryAfterQueue
		return nil, e
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h *Hasher) encode(salt, hash []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, h.cost.MemoryKiB, h.cost.Passes,
		b64.EncodeToString(salt), b64.EncodeToString(hash))
}

func decode(stored string) (cost Cost, salt, hash []byte, ok bool) {
	var version int
	var tail string
	n, err := fmt.Sscanf(stored, "$argon2id$v=%d$m=%d,t=%d,p=1$%s", &version, &cost.MemoryKiB, &cost.Passes, &tail)
	if err != nil || n != 4 || version != argon2.Version {
		return cost, nil, nil, false
	}
	if cost.Passes < 1 || cost.Passes > passesLimit || cost.MemoryKiB < 8 || cost.MemoryKiB > memoryLimitKiB {
		return cost, nil, nil, false
	}
	salt, hash, ok = cutBase64(tail)
	return cost, salt, hash, ok && len(salt) >= 8 && len(hash) >= 16 && len(hash) < math.MaxUint8
}

func cutBase64(tail string) (salt, hash []byte, ok bool) {
	for i := range tail {
		if tail[i] != '$' {
			continue
		}
		salt, err1 := base64.RawStdEncoding.DecodeString(tail[:i])
		hash, err2 := base64.RawStdEncoding.DecodeString(tail[i+1:])
		return salt, hash, err1 == nil && err2 == nil
	}
	return nil, nil, false
}
