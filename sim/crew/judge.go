package crew

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"pursuit/sim/harness"
)

const (
	// replayRoom is how many mutations are sent again at once.
	replayRoom = 200
	// agreeRounds bounds how often a device pulls again because the server's own rows
	// came between its pull and its digests.
	agreeRounds = 20
	// askMost is how often a device asks, in all, when it is not answered in time: a
	// line that broke long ago may show only now.
	askMost = 3
)

// Judge holds the server to all that the members made, once everything is flushed:
// each mutation stands exactly once, nothing else does, sent again each is a
// duplicate with its first outcome, and all devices and digests agree.
func (c *Crew) Judge(ctx context.Context) error {
	want, err := c.fold()
	if err != nil {
		return err
	}
	fresh := harness.NewDevice(c.calm)
	if err := whole(ctx, fresh); err != nil {
		return fmt.Errorf("a fresh installation: %w", err)
	}
	if err := equal(want, fresh); err != nil {
		return fmt.Errorf("the server: %w", err)
	}
	for _, member := range c.Members {
		if err := member.judge(ctx, fresh); err != nil {
			return fmt.Errorf("%s: %w", member.Name, err)
		}
	}
	return c.numbered()
}

// whole pulls all and lets the digests agree.
func whole(ctx context.Context, d *harness.Device) error {
	for range agreeRounds {
		err := patiently(func() error {
			_, err := d.PullAll(ctx)
			return err
		})
		if err != nil {
			return err
		}
		var answer harness.Answer
		err = patiently(func() (err error) {
			answer, err = d.JSON(ctx, http.MethodPost, "/v1/sync/digests", map[string]any{"cursor": d.Cursor})
			return err
		})
		if err != nil {
			return err
		}
		if answer.Status != http.StatusOK {
			return fmt.Errorf("digests: status %d: %.300s", answer.Status, answer.Body)
		}
		var server harness.Digests
		if err := answer.Decode(&server); err != nil {
			return err
		}
		if server.Seq <= server.CursorSeq {
			return sums(d.Digest(), server.Buckets)
		}
	}
	return fmt.Errorf("always behind after %d pulls", agreeRounds)
}

// patiently asks again while nothing answers. A refusal is an answer.
func patiently(ask func() error) error {
	var err error
	for range askMost {
		var refusal *harness.Refusal
		if err = ask(); err == nil || errors.As(err, &refusal) {
			return err
		}
	}
	return err
}

func sums(own, server map[string]map[string]harness.Digest) error {
	for _, side := range []map[string]map[string]harness.Digest{own, server} {
		for bucket, tables := range side {
			for table := range tables {
				if own[bucket][table] != server[bucket][table] {
					return fmt.Errorf("bucket %s, table %s: digest %v, the server's %v", bucket, table, own[bucket][table], server[bucket][table])
				}
			}
		}
	}
	return nil
}

// fold is what must stand: by table and id, the fields as last written.
func (c *Crew) fold() (map[string]map[string]map[string]any, error) {
	rows := map[string]map[string]map[string]any{"people": {}, "known_contacts": {}}
	for _, member := range c.Members {
		for _, one := range member.made {
			m := one.wire
			if one.result == nil {
				return nil, fmt.Errorf("%s: %s of %s %s was never acknowledged: flush first", member.Name, m.Op, m.Table, m.ID)
			}
			switch m.Op {
			case "insert":
				rows[m.Table][m.Row] = map[string]any{}
			case "delete":
				delete(rows[m.Table], m.Row)
				continue
			}
			for field, value := range m.Set {
				rows[m.Table][m.Row][field] = value
			}
		}
	}
	return rows, nil
}

// equal compares the rows of a device that holds everything with the fold, and
// finds neither conflicts nor anything held back.
func equal(want map[string]map[string]map[string]any, d *harness.Device) error {
	for table, rows := range want {
		for id, fields := range rows {
			row := d.Row(table, id)
			if row == nil {
				return fmt.Errorf("row %s of %s is lost", id, table)
			}
			for field, value := range fields {
				if !same(value, row, field) {
					return fmt.Errorf("row %s of %s: %s is %.80v, want %.80v", id, table, field, row[field], value)
				}
			}
		}
		if d.Count(table) != len(rows) {
			return fmt.Errorf("%d rows of %s, want %d", d.Count(table), table, len(rows))
		}
	}
	for _, table := range []string{"conflicts", "quarantine"} {
		if d.Count(table) != 0 {
			return fmt.Errorf("%d rows of %s that nothing explains", d.Count(table), table)
		}
	}
	return nil
}

func same(want any, row harness.Row, field string) bool {
	if list, ok := want.([]string); ok {
		got := row.Texts(field)
		slices.Sort(got)
		list = slices.Clone(list)
		slices.Sort(list)
		return slices.Equal(got, list)
	}
	return reflect.DeepEqual(want, row[field])
}

// judge compares a member's store with the fresh one and sends all again.
func (m *Member) judge(ctx context.Context, fresh *harness.Device) error {
	if err := m.again(ctx); err != nil {
		return err
	}
	if err := whole(ctx, m.Device); err != nil {
		return err
	}
	for table, rows := range m.Tables {
		for id, row := range rows {
			// The fresh one may have pulled the server's own rows a moment earlier.
			if other := fresh.Row(table, id); tracked(table) && !reflect.DeepEqual(row, other) {
				return fmt.Errorf("row %s of %s is %v, a fresh installation has %v", id, table, row, other)
			}
		}
		if m.whole && tracked(table) && len(rows) != fresh.Count(table) {
			return fmt.Errorf("%d rows of %s, a fresh installation has %d", len(rows), table, fresh.Count(table))
		}
	}
	return nil
}

func tracked(table string) bool { return table == "people" || table == "known_contacts" }

// again sends everything once more: each must be a duplicate with its first outcome.
func (m *Member) again(ctx context.Context) error {
	for batch := range slices.Chunk(m.made, replayRoom) {
		push := make([]harness.Mutation, len(batch))
		for i, one := range batch {
			push[i] = one.wire
		}
		var results []harness.Result
		err := patiently(func() (err error) {
			results, err = m.Push(ctx, push...)
			return err
		})
		if err != nil {
			return fmt.Errorf("sending again: %w", err)
		}
		for i, one := range batch {
			if got := results[i]; !got.Duplicate || got.Status != one.result.Status || got.V != one.result.V {
				return fmt.Errorf("%s of %s %s was acknowledged with %+v, sent again with %+v", one.wire.Op, one.wire.Table, one.wire.ID, *one.result, got)
			}
		}
	}
	return nil
}

// numbered checks that no sequence number was given to two rows.
func (c *Crew) numbered() error {
	rows := map[int64]string{}
	for _, member := range c.Members {
		for _, one := range member.made {
			if other, ok := rows[one.result.V]; ok && other != one.wire.Row {
				return fmt.Errorf("number %d was given to rows %s and %s", one.result.V, other, one.wire.Row)
			}
			rows[one.result.V] = one.wire.Row
		}
	}
	return nil
}
