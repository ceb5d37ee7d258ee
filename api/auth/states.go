package auth

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	stateTTL    = 3 * time.Second  // a safety net below the messages of changes
	statesLimit = 65_536           // sessions remembered; beyond, the memory starts anew
	stateLimit  = 10 * time.Second // for reading one; a database that takes longer is away
)

type stateKey struct {
	program int32
	session string
}

type keptState struct {
	models.SessionState
	at time.Time
}

// states remembers what sessions stand on, so that a request needs no database.
//
// A change raises the round, and only what was read in the present round is kept
// or shared: a read that began before a change cannot outlive it.
type states struct {
	store *store.Store
	one   singleflight.Group

	mu    sync.RWMutex
	round uint64
	kept  map[stateKey]keptState
}

func newStates(s *store.Store) (*states, error) {
	st := &states{store: s, kept: map[stateKey]keptState{}}
	return st, s.OnSessionChange(st.forget)
}

// get gives the state of a session; not_found when there is none.
func (s *states) get(ctx context.Context, key stateKey) (models.SessionState, error) {
	s.mu.RLock()
	kept, ok := s.kept[key]
	round := s.round
	s.mu.RUnlock()
	if ok && time.Since(kept.at) < stateTTL {
		return kept.SessionState, nil
	}
	name := fmt.Sprintf("%d/%d/%s", round, key.program, key.session)
	found, err, _ := s.one.Do(name, func() (any, error) {
		at := time.Now()
		// Several requests wait for this read: it must not end with the first one's.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stateLimit)
		defer cancel()
		state, err := s.store.SessionState(ctx, key.program, key.session)
		if err == nil {
			s.keep(key, keptState{state, at}, round)
		}
		return state, err
	})
	state, _ := found.(models.SessionState)
	return state, err
}

func (s *states) keep(key stateKey, state keptState, round uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.round != round {
		return
	}
	if len(s.kept) >= statesLimit {
		s.kept = map[stateKey]keptState{}
	}
	s.kept[key] = state
}

// forget drops what a change may have touched.
func (s *states) forget(change store.SessionChange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.round++
	if change == (store.SessionChange{}) {
		s.kept = map[stateKey]keptState{}
		return
	}
	for key, state := range s.kept {
		if key.program == change.Program && state.UserID == change.UserID {
			delete(s.kept, key)
		}
	}
}
