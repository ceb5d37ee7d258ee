package sync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// exported takes a table along and gives what was handed out, by table and id; between
// may do anything after each row.
func (sc *scene) exported(who models.Actor, table *models.Table, between func()) map[string]seen {
	sc.t.Helper()
	out := map[string]seen{}
	err := sc.e.Export(context.Background(), who, table, nil, func(doc []byte) error {
		var row struct {
			ID     string `json:"id"`
			V      int64  `json:"_v"`
			Bucket string `json:"_b"`
		}
		if err := json.Unmarshal(doc, &row); err != nil {
			return err
		}
		key := table.Name + " " + row.ID
		if _, again := out[key]; again {
			return fmt.Errorf("%s is handed out twice", key)
		}
		out[key] = seen{row.V, row.Bucket}
		between()
		return nil
	})
	sc.must(err)
	return out
}

// Whatever was written, granted, merged and moved before, an export hands out each row
// that its reader may see once, as it stands; and while it goes on and all that goes on
// too, each row that stayed in view, and none that never was.
func TestAnExportIsWhatAFirstPullBrings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		e := testEngine(t, s)
		rapid.Check(t, func(rt *rapid.T) {
			e.exportAtOnce, e.bucketsAtOnce = rapid.IntRange(1, 4).Draw(rt, "rows"), rapid.IntRange(1, 4).Draw(rt, "buckets")
			d := &drama{rt: rt, merged: map[string]bool{}, scene: newScene(rt, e, models.RoleOutreachWorker, models.RoleSupervisor, models.RoleCaseManager)}
			for range rapid.IntRange(1, 20).Draw(rt, "length") {
				d.happens()
			}
			for range rapid.IntRange(0, 2).Draw(rt, "moves") {
				d.moves()
			}
			who := d.users[d.pick(3, "user")]
			for _, name := range append(caseTables, "staff", "settings") {
				table := models.Tables.Table(name)
				if !MayExport(who, table) {
					continue
				}
				if diff := cmp.Diff(d.truth(who, table.Bit()), d.exported(who, table, func() {}), cmp.AllowUnexported(seen{}), cmpopts.EquateEmpty()); diff != "" {
					d.fail("the export of %s is not what %s may see:\n%s", name, who.Role, diff)
				}
				d.exportedMeanwhile(who, table)
			}
		})
	})
}

// exportedMeanwhile takes a table along while things happen.
func (d *drama) exportedMeanwhile(who models.Actor, table *models.Table) {
	always, ever := d.truth(who, table.Bit()), map[string]bool{}
	look := func() {
		now := d.truth(who, table.Bit())
		for key := range now {
			ever[key] = true
		}
		for key := range always {
			if _, stays := now[key]; !stays {
				delete(always, key)
			}
		}
	}
	look()
	left := 3
	got := d.exported(who, table, func() {
		if left > 0 && d.pick(3, "meanwhile") == 0 {
			left--
			d.happens()
			look()
		}
	})
	for key := range always {
		if _, ok := got[key]; !ok {
			d.fail("%s was in view all the time and is not in the export of %s", key, who.Role)
		}
	}
	for key := range got {
		if !ever[key] {
			d.fail("%s is in the export of %s and was never in view", key, who.Role)
		}
	}
}

// Each row of an export is in the audit by its id, with what was asked, before it is
// handed out; and the chain holds.
func TestAnExportIsAudited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, e := context.Background(), testEngine(t, s)
		e.exportAtOnce = exportEntry + 1000
		sc := newScene(t, e, models.RoleSupervisor)
		who, table := sc.users[0], models.Tables.Table("contact_attempts")
		sc.commit(sc.give(who.OrgID, sc.buckets[0], models.SourceCreator))
		var inserts []func(*world)
		for range exportEntry + 10 { // two entries
			inserts = append(inserts, sc.insert(table.Name, sc.buckets[0]))
		}
		sc.commit(inserts...)
		sc.must(e.Export(ctx, who, table, map[string][]string{"format": {"csv"}}, func([]byte) error { return nil }))

		list, named := sc.exportsNamed(who, table)
		for _, row := range sc.rows {
			if !named[row.id] {
				t.Fatalf("%s is not in the audit", row.id)
			}
		}
		if len(named) != len(sc.rows) || len(list) != 2 {
			t.Errorf("%d entries name %d rows of %d", len(list), len(named), len(sc.rows))
		}
		found, _, err := e.ReadAudit(ctx, who, AuditQuery{Row: sc.rows[7].id}, 0, 100)
		if err != nil || len(found) != 1 {
			t.Errorf("a row's export is found %d times, %v", len(found), err)
		}
		if v, err := s.VerifyAudit(ctx, sc.program.No); err != nil || len(v.Faults) > 0 {
			t.Errorf("the chain has faults: %v, %v", v.Faults, err)
		}
	})
}

// exportsNamed reads the entries of exports as CSV, and the rows that they name.
func (sc *scene) exportsNamed(who models.Actor, table *models.Table) ([]AuditRecord, map[string]bool) {
	sc.t.Helper()
	list, _, err := sc.e.ReadAudit(context.Background(), who, AuditQuery{AuditFilter: store.AuditFilter{Action: "export." + table.Name}}, 0, 100)
	sc.must(err)
	named := map[string]bool{}
	for _, entry := range list {
		var detail struct {
			Query map[string][]string
			Rows  []auditItem
		}
		sc.must(json.Unmarshal(entry.Detail, &detail))
		if len(detail.Query["format"]) != 1 || detail.Query["format"][0] != "csv" || *entry.Actor != who.UserID || len(detail.Rows) > exportEntry {
			sc.t.Fatalf("an entry says %v, of %d rows by %s", detail.Query, len(detail.Rows), *entry.Actor)
		}
		for _, row := range detail.Rows {
			named[row.Row] = row.Table == table.Name && row.V > 0
		}
	}
	return list, named
}

// An export that its reader gives up, or whose caller is gone, ends with that; one of a
// withheld table does not begin.
func TestAnExportThatEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		e := testEngine(t, s)
		e.exportAtOnce = 2
		sc := newScene(t, e, models.RoleSupervisor, models.RoleReferralPartner)
		table := models.Tables.Table("people")
		sc.commit(sc.give(sc.orgs[0], sc.buckets[0], models.SourceCreator))
		for range 40 {
			sc.commit(sc.insert("people", sc.buckets[0]))
		}
		enough, rows := errors.New("enough"), 0
		err := e.Export(context.Background(), sc.users[0], table, nil, func([]byte) error {
			if rows++; rows == 3 {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) || rows != 3 {
			t.Errorf("given up after %d rows with %v", rows, err)
		}
		ctx, leave := context.WithCancel(context.Background())
		err = e.Export(ctx, sc.users[0], table, nil, func([]byte) error { leave(); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the caller is gone: %v", err)
		}
		err = e.Export(context.Background(), sc.users[1], table, nil, func([]byte) error { return errors.New("a row") })
		if fault := new(models.Error); !errors.As(err, &fault) || fault.Kind != models.KindForbidden {
			t.Errorf("a partner's export: %v", err)
		}
	})
}
