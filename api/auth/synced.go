package auth

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	syncedEvery = 3 * time.Second // how long a time of sync may be kept in memory only
	syncedBatch = 500             // rows of one transaction: writers of pushes wait behind it
)

// synced collects when devices synced, so that an idle pull writes nothing.
type synced struct {
	storing chan struct{} // one place: whoever finds nothing to store must not pass what is being stored
	mu      sync.Mutex
	last    map[store.DeviceSync]time.Time // keyed by a DeviceSync without time
	taken   map[store.DeviceSync]time.Time // those that are being stored
}

func (c *synced) note(who models.Actor, at time.Time) {
	if who.DeviceID == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.last = map[store.DeviceSync]time.Time{}
	}
	c.last[store.DeviceSync{Program: who.Program, UserID: who.UserID, DeviceID: who.DeviceID}] = at
}

func (c *synced) take() []store.DeviceSync {
	c.mu.Lock()
	last := c.last
	c.last, c.taken = nil, last
	c.mu.Unlock()
	list := make([]store.DeviceSync, 0, len(last))
	for device, at := range last {
		device.At = at
		list = append(list, device)
	}
	slices.SortFunc(list, func(a, b store.DeviceSync) int {
		return cmp.Or(cmp.Compare(a.Program, b.Program), cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.DeviceID, b.DeviceID))
	})
	return list
}

// Synced notes that the caller's device synced now. It costs no database; the time
// is stored within syncedEvery.
func (s *Service) Synced(who models.Actor) { s.synced.note(who, s.store.Clock()) }

// stored forgets what was taken: it is in the database, or put back.
func (c *synced) stored() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken = nil
}

// NotedSyncs tells, by user, the last syncs of a program's devices that may not be in the
// database yet: with a snapshot taken afterwards, these are all that were noted before.
func (s *Service) NotedSyncs(program int32) map[string]time.Time {
	s.synced.mu.Lock()
	defer s.synced.mu.Unlock()
	out := map[string]time.Time{}
	for _, noted := range []map[store.DeviceSync]time.Time{s.synced.last, s.synced.taken} {
		for device, at := range noted {
			if device.Program == program && at.After(out[device.UserID]) {
				out[device.UserID] = at
			}
		}
	}
	return out
}

// putBack keeps times that could not be stored, unless there are later ones.
func (c *synced) putBack(list []store.DeviceSync) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.last = map[store.DeviceSync]time.Time{}
	}
	for _, device := range list {
		at := device.At
		device.At = time.Time{}
		if c.last[device].Before(at) {
			c.last[device] = at
		}
	}
}

// FlushSynced stores the times noted so far: when it returns without an error, whatever was
// noted before the call is in the database, whoever stored it. What it could not store is
// tried again by the next call. A database that takes longer than flushLimit is away.
func (s *Service) FlushSynced(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, flushLimit)
	defer cancel()
	select {
	case s.synced.storing <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("wait for sync times to be stored: %w", ctx.Err())
	}
	defer func() { <-s.synced.storing }()
	list := s.synced.take()
	defer s.synced.stored()
	for len(list) > 0 {
		batch := list[:min(len(list), syncedBatch)]
		if err := s.store.SaveSyncTimes(ctx, batch); err != nil {
			s.synced.putBack(list)
			return err
		}
		list = list[len(batch):]
	}
	return nil
}
