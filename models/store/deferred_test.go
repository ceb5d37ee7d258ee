package store_test

import (
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

func inProgram(t *testing.T, s *store.Store, no int32, fn func(*store.ProgramTx) error) {
	t.Helper()
	must(t, store.InProgram(ctx, s, no, fn))
}

// A group that the limit cuts is left out whole: its members must not be applied
// without each other.
func TestWaitingGroupsAreNotCut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p, _ := newProgram(t, s)
		wants := models.NewID()
		inProgram(t, s, p.No, func(tx *store.ProgramTx) error {
			for n, group := range []string{"a", "b", "b", "c"} {
				d := store.Deferred{MutationID: models.NewID(), Wants: wants, Row: models.NewID(), UserID: models.NewID(),
					Group: groupID(group), Order: int64(n + 1), Body: []byte("{}")}
				if err := tx.Defer(d); err != nil {
					return err
				}
			}
			return nil
		})
		for limit, want := range map[int]int{2: 1, 3: 1, 4: 3, 5: 4} {
			var got []store.Deferred
			inProgram(t, s, p.No, func(tx *store.ProgramTx) (err error) {
				got, err = tx.DeferredWanting([]string{wants}, nil, limit)
				return err
			})
			if len(got) != want {
				t.Errorf("with a limit of %d there are %d, want %d", limit, len(got), want)
			}
		}
	})
}

func groupID(name string) string {
	return models.DerivedID("11111111-1111-4111-8111-111111111111", name)
}

// Groups whose row is there but which cannot be applied yet do not stand before
// those behind them: each look begins where the last one ended, and comes round.
func TestRipeGroupsTakeTurns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p, org := newProgram(t, s)
		user := newUser(p, org, "turns@example.org")
		row := models.NewRow(models.Tables.Table("staff"), models.NewID())
		row.Bucket, row.V = org.ID, 1
		inTx(t, s, func(tx *store.Tx) error { return tx.InsertUser(user) })
		inProgram(t, s, p.No, func(tx *store.ProgramTx) error {
			if err := tx.SaveRows([]store.Saved{{Row: row, New: true}}, nil); err != nil {
				return err
			}
			for n := range 3 {
				d := store.Deferred{MutationID: models.NewID(), Wants: row.ID, Row: models.NewID(), UserID: user.ID,
					Group: groupID(string(rune('a' + n))), Order: int64(n + 1), Body: []byte("{}")}
				if err := tx.Defer(d); err != nil {
					return err
				}
			}
			return nil
		})
		var seen []string
		after := int64(0)
		for range 3 {
			groups, last, err := s.RipeGroups(ctx, p, after, 2)
			must(t, err)
			seen, after = append(seen, groups...), last
		}
		want := []string{groupID("a"), groupID("b"), groupID("c"), groupID("a"), groupID("b")}
		if len(seen) != len(want) {
			t.Fatalf("three looks see %d groups, want %d", len(seen), len(want))
		}
		for i := range want {
			if seen[i] != want[i] {
				t.Errorf("the group at place %d is another one", i)
			}
		}
	})
}
