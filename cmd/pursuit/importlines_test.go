package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"pursuit/intake"
	"pursuit/models"
	"pursuit/models/store"
	"pursuit/sync"
)

// imports runs a dry run and a run, wants the same of both, and answers what the run told.
func (s site) imports(code int, file, as string) (stdout, stderr string) {
	s.t.Helper()
	args := []string{"import", "referrals", file, "--as=" + as}
	dry, dryFaults := s.command(code, append(args, "--dry-run")...)
	out, faults := s.command(code, args...)
	if dry != strings.Replace(out, "fault.", "fault; nothing was written.", 1) || dryFaults != faults {
		s.t.Errorf("the dry run tells\n%s%s\nthe run tells\n%s%s", dry, dryFaults, out, faults)
	}
	return out, faults
}

// engineOf makes an engine over a store, and the first program.
func engineOf(t *testing.T, st *store.Store) (*sync.Engine, models.Program) {
	t.Helper()
	engine, err := sync.New(context.Background(), st, slog.Default())
	must(t, err)
	programs, err := st.Programs(context.Background())
	must(t, err)
	return engine, programs[0]
}

// person is the id of the live person of a code.
func person(t *testing.T, st *store.Store, code string) (id string) {
	t.Helper()
	must(t, st.SQLDB().QueryRow(`SELECT id FROM people WHERE "code" = '`+code+`'`).Scan(&id))
	return id
}

func referrals(t *testing.T, st *store.Store, person string) (n int) {
	t.Helper()
	must(t, st.SQLDB().QueryRow(`SELECT count(*) FROM referrals WHERE person_id = '`+person+`'`).Scan(&n))
	return n
}

// A line of somebody who was merged into another is a referral of who they are now, for
// everybody who sees that person; the line taken in again is known.
func TestALineOfAMergedPerson(t *testing.T) {
	for name, heads := range map[string]string{"by the list's number": "external_id,code", "by code and name": "last_name,code"} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, s site) {
				st := s.manager("manager@example.org")
				first := s.file("first.csv", heads+",source,referred_on\nE1,Ea,outreach,2026-01-01\nE2,Eb,outreach,2026-01-02\n")
				s.imports(0, first, "manager@example.org")
				engine, program := engineOf(t, st)
				u, err := st.UserByEmail(context.Background(), "manager@example.org")
				must(t, err)
				keep := person(t, st, "Ea")
				_, err = engine.MergePeople(context.Background(), models.Actor{Program: program.No, ProgramID: program.ID, UserID: u.ID, OrgID: u.OrgID, Role: u.Role},
					sync.PeopleMerge{ID: models.NewID(), Keep: keep, Merge: person(t, st, "Eb")})
				must(t, err)
				late := s.file("late.csv", heads+",source,referred_on\nE2,Eb,outreach,2026-03-02\n")
				for _, c := range []struct{ file, want string }{{late, "1 lines: 1 added, 0 known"}, {late, "1 lines: 0 added, 1 known"}, {first, "2 lines: 0 added, 2 known"}} {
					if out, errs := s.imports(0, c.file, "manager@example.org"); !strings.Contains(out, c.want) {
						t.Errorf("%s%s, want %s", out, errs, c.want)
					}
				}
				if n := people(t, st); n != 1 || referrals(t, st, keep) != 3 {
					t.Errorf("%d persons, %d referrals of the survivor", n, referrals(t, st, keep))
				}
				s.otherOrg(st, models.OrgServiceProvider, models.RoleCaseManager, "other@example.org")
				if out, _ := s.imports(0, late, "other@example.org"); !strings.Contains(out, "1 added") || people(t, st) != 2 || referrals(t, st, keep) != 3 {
					t.Errorf("of another organisation: %s, %d persons", out, people(t, st))
				}
			})
		})
	}
}

// Nothing of a line at fault is kept, whoever else the line is of; the lines beside it are.
func TestNothingOfALineAtFaultIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		st := s.manager("manager@example.org")
		worker := s.user(st, models.RoleOutreachWorker)
		list := s.file("list.csv", "code,source,referred_on\nW,outreach,2026-01-01\nWX,shooting_review,2026-01-01\n"+
			"WY,shooting_review,2026-01-01\nWY,outreach,2026-01-01\nWY,outreach,2026-01-02\nW,outreach,2026-01-01\n")
		out, errs := s.imports(1, list, worker)
		if !strings.Contains(out, "6 lines: 3 added, 1 known before, 0 waiting, 2 at fault") ||
			!strings.Contains(errs, "line 3, cell B3 (source)") || !strings.Contains(errs, "line 4, cell B4 (source)") {
			t.Errorf("%s%s", out, errs)
		}
		if n := people(t, st); n != 2 || referrals(t, st, person(t, st, "WY")) != 2 {
			t.Errorf("%d persons, %d referrals of WY", n, referrals(t, st, person(t, st, "WY")))
		}
		var bodies int
		must(t, st.SQLDB().QueryRow(`SELECT count(*) FROM mutations WHERE body IS NOT NULL`).Scan(&bodies))
		if bodies != 0 {
			t.Errorf("%d mutations of lines at fault are kept", bodies)
		}
		if out, _ = s.imports(1, list, worker); !strings.Contains(out, "6 lines: 0 added, 4 known before, 0 waiting, 2 at fault") || people(t, st) != 2 {
			t.Errorf("again: %s, %d persons", out, people(t, st))
		}
		if out, _ = s.imports(0, list, s.user(st, models.RoleSupervisor)); !strings.Contains(out, "6 lines: 2 added, 4 known before, 0 waiting, 0 at fault") || people(t, st) != 3 {
			t.Errorf("by somebody who may: %s, %d persons", out, people(t, st))
		}
	})
}

// Lines at fault are counted, and not their cells.
func TestLinesAtFaultAreCounted(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		s.manager("manager@example.org")
		list := s.file("list.csv", "code,source,referred_on,dob\nHeron,outreach,2026-01-01,\nWren,evil,evil,evil\n")
		out, errs := s.imports(1, list, "manager@example.org")
		if !strings.Contains(out, "2 lines: 1 added, 0 known before, 0 waiting, 1 at fault.") || !strings.Contains(errs, "lines at fault: 1 (faults: 3)") {
			t.Errorf("%s%s", out, errs)
		}
	})
}

// pushAlone takes a list in as it was done before lines were groups: persons first, each
// mutation for itself.
func (s site) pushAlone(st *store.Store, file, as string) {
	s.t.Helper()
	ctx := context.Background()
	content, err := os.Open(file)
	must(s.t, err)
	defer content.Close()
	sheet, err := intake.ReadSheet(ctx, file, content)
	must(s.t, err)
	mapping, err := intake.NewMapping(sheet, nil)
	must(s.t, err)
	app := &application{store: st}
	who, err := app.actor(ctx, as)
	must(s.t, err)
	engine, _ := engineOf(s.t, st)
	entries, faults := intake.Entries(sheet, mapping, who)
	if len(faults) > 0 {
		s.t.Fatal(faults)
	}
	var list []models.Mutation
	for _, e := range entries {
		list = append(append(list, e.Person), e.Children...)
	}
	_, err = engine.Push(ctx, who, time.Time{}, itemsOf(list))
	must(s.t, err)
}

// A list that the version before took in is known, with persons whom the user does not
// see any more too, and what that version refused is tried anew.
func TestAListOfTheVersionBefore(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		st := s.manager("manager@example.org")
		var text strings.Builder
		text.WriteString("code,source,referred_on,shooting_review,disposition\n")
		for i := range 210 { // more than a page
			fmt.Fprintf(&text, "Heron %d,outreach,2026-05-01,2026-04-01,referred\n", i)
		}
		list := s.file("list.csv", text.String())
		s.pushAlone(st, list, "manager@example.org")
		_, err := st.SQLDB().Exec(`UPDATE grants SET revoked = granted, revoked_at = granted_at WHERE bucket = '` + person(t, st, "Heron 7") + `'`)
		must(t, err)
		if out, errs := s.imports(0, list, "manager@example.org"); !strings.Contains(out, "210 lines: 0 added, 210 known before") || people(t, st) != 210 {
			t.Errorf("%s%s, %d persons", out, errs, people(t, st))
		}
		worker := s.user(st, models.RoleOutreachWorker)
		refused := s.file("refused.csv", "code,source,referred_on\nWX,shooting_review,2026-01-01\n")
		s.pushAlone(st, refused, worker)
		if out, _ := s.imports(1, refused, worker); !strings.Contains(out, "1 at fault") {
			t.Errorf("what is refused: %s", out)
		}
		_, err = st.SQLDB().Exec(`UPDATE users SET role = 'supervisor' WHERE email_key = '` + worker + `'`)
		must(t, err)
		if out, errs := s.imports(0, refused, worker); !strings.Contains(out, "1 added") || referrals(t, st, person(t, st, "WX")) != 1 {
			t.Errorf("what is not refused any more: %s%s", out, errs)
		}
	})
}
