package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
	"pursuit/sync"
)

// manager makes a case manager of the first program's lead organisation.
func (s site) manager(email string) *store.Store {
	s.t.Helper()
	made, _ := s.bootstrap(0, "admin@example.org")
	var ids struct {
		OrgID string `json:"org_id"`
	}
	must(s.t, json.Unmarshal([]byte(made), &ids))
	st := storetest.OpenURL(s.t, strings.TrimPrefix(s.args[2], "--database-url="))
	ctx := context.Background()
	programs, err := st.Programs(ctx)
	must(s.t, err)
	engine, err := sync.New(ctx, st, slog.Default())
	must(s.t, err)
	_, err = engine.CreateUser(ctx, models.Actor{Program: programs[0].No, ProgramID: programs[0].ID, Role: models.RoleAdmin},
		models.User{OrgID: ids.OrgID, Email: email, Name: "Manager", Role: models.RoleCaseManager, Active: true})
	must(s.t, err)
	return st
}

// user makes a user of a role in the first program's lead organisation.
func (s site) user(st *store.Store, role models.Role) (email string) {
	s.t.Helper()
	ctx := context.Background()
	programs, err := st.Programs(ctx)
	must(s.t, err)
	orgs, err := st.Orgs(ctx, programs[0].No, "", 1)
	must(s.t, err)
	engine, err := sync.New(ctx, st, slog.Default())
	must(s.t, err)
	email = string(role) + "@example.org"
	_, err = engine.CreateUser(ctx, models.Actor{Program: programs[0].No, ProgramID: programs[0].ID, Role: models.RoleAdmin},
		models.User{OrgID: orgs[0].ID, Email: email, Name: "U", Role: role, Active: true})
	must(s.t, err)
	return email
}

// otherOrg makes an organisation of the first program with one user.
func (s site) otherOrg(st *store.Store, kind models.OrgKind, role models.Role, email string) {
	s.t.Helper()
	ctx := context.Background()
	programs, err := st.Programs(ctx)
	must(s.t, err)
	engine, err := sync.New(ctx, st, slog.Default())
	must(s.t, err)
	admin := models.Actor{Program: programs[0].No, ProgramID: programs[0].ID, Role: models.RoleAdmin}
	org, err := engine.CreateOrg(ctx, admin, models.Org{Name: "Other", Kind: kind})
	must(s.t, err)
	_, err = engine.CreateUser(ctx, admin, models.User{OrgID: org.ID, Email: email, Name: "U", Role: role, Active: true})
	must(s.t, err)
}

func (s site) file(name, content string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	must(s.t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func people(t *testing.T, st *store.Store) (n int) {
	t.Helper()
	must(t, st.SQLDB().QueryRow(`SELECT count(*) FROM people`).Scan(&n))
	return n
}

// A list is checked, taken in, and taken in again without effect; a faulty line is
// told by its cell and keeps no other line out.
func TestImportOfAList(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		st := s.manager("manager@example.org")
		list := s.file("review.csv", "Code,DOB,Referral source,Date referred,Shooting review,Disposition\n"+
			"Heron,3/4/2001,Shooting Review,5/1/2024,4/30/2024,referred\nWren,,outreach,2024-05-02,,\nCrow,evil,outreach,2024-05-02,,\n")
		args := []string{"import", "referrals", list, "--as=Manager@example.org"}
		out, errs := s.command(1, append(args, "--dry-run")...)
		if !strings.Contains(out, "3 lines: 2 added, 0 known before, 0 waiting, 1 at fault; nothing was written") || !strings.Contains(errs, "cell B4 (date_of_birth)") || strings.Contains(errs, "evil") {
			t.Errorf("dry run: %s%s", out, errs)
		}
		if n := people(t, st); n != 0 {
			t.Fatalf("a dry run wrote %d persons", n)
		}
		out, errs = s.command(1, args...)
		if !strings.Contains(out, "3 lines: 2 added, 0 known before, 0 waiting, 1 at fault") || !strings.Contains(errs, "2 of 2") {
			t.Errorf("first: %s%s", out, errs)
		}
		out, _ = s.command(1, args...)
		if n := people(t, st); n != 2 || !strings.Contains(out, "0 added, 2 known before") {
			t.Errorf("again: %s, %d persons", out, n)
		}
		fixed := s.file("review.csv", "Code,DOB,Referral source,Date referred\nCrow,1/2/2000,outreach,2024-05-02\nHeron,3/4/2001,outreach,2024-06-01\n")
		out, errs = s.command(0, "import", "referrals", fixed, "--as=manager@example.org")
		if strings.Contains(errs, "notice") {
			t.Errorf("a list that is read whole: %s", errs)
		}
		if n := people(t, st); n != 3 || !strings.Contains(out, "2 added") {
			t.Errorf("mended: %s, %d persons", out, n)
		}
		record, _ := s.command(0, "subject-access", "Heron")
		if strings.Count(record, `"shooting_review_on"`) != 1 || strings.Count(record, `"referred_on"`) != 2 {
			t.Errorf("Heron's record: %s", record)
		}
		_, nobody := s.command(1, "subject-access", "Nobody")
		if _, errs = s.command(1, "subject-access", "No\xff"); errs != nobody {
			t.Errorf("a code that is no text is answered %s", errs)
		}
	})
}

// A dry run tells what the run tells, as that user: who may not write is told so, what
// waits and what is known is counted, and nothing is written.
func TestADryRunTellsWhatTheRunTells(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		st := s.manager("manager@example.org")
		users := []string{"admin@example.org", "manager@example.org"}
		for _, role := range []models.Role{models.RoleDirector, models.RoleOutreachWorker, models.RoleSupervisor, models.RoleReferralPartner} {
			users = append(users, s.user(st, role))
		}
		var text strings.Builder
		text.WriteString("Code,Source,Date referred,Notes,Shooting review,Disposition\n")
		for i := range 250 { // more than a page
			fmt.Fprintf(&text, "Heron %d,outreach,2024-05-%02d,,,\n", i%240, 1+i/240) // ten of them twice
		}
		text.WriteString("Wren,police,2024-05-01,,,\nTit,outreach,2024-05-01,\"" + strings.Repeat("x", 20_001) + "\",,\nOwl,outreach,2024-05-01,,2024-04-01,referred\n")
		list := s.file("list.csv", text.String())
		told := map[string]bool{}
		for _, user := range append(users, users...) {
			args := []string{"import", "referrals", list, "--as=" + user}
			before := people(t, st)
			dry, dryFaults := s.command(1, append(args, "--dry-run")...)
			if n := people(t, st); n != before {
				t.Fatalf("%s: a dry run wrote %d persons", user, n-before)
			}
			out, faults := s.command(1, args...)
			if dry != strings.Replace(out, "fault.", "fault; nothing was written.", 1) || dryFaults != faults {
				t.Errorf("%s: the dry run tells\n%s%.400s\nthe run tells\n%s%.400s", user, dry, dryFaults, out, faults)
			}
			told[out] = true
		}
		if len(told) < 3 {
			t.Errorf("all are told the same: %v", told)
		}
	})
}

// Whether somebody else took the same persons in makes no difference to a user who does
// not hold them: their list is stored as theirs, and taken in again it changes nothing.
func TestTheSameListOfAnotherOrganisation(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		st := s.manager("manager@example.org")
		const heads = "Id,Code,Source,Date referred,Notes,Shooting review,Disposition\n"
		list := s.file("list.csv", heads+"1,Heron,community_partner,2024-05-01,,,\n1,Heron,community_partner,2024-05-02,more,,\n2,Wren,community_partner,2024-05-01,,,\n")
		next := s.file("next.csv", heads+"1,Heron,community_partner,2024-06-01,newly said,,\n")
		s.otherOrg(st, models.OrgServiceProvider, models.RoleCaseManager, "other@example.org")
		s.otherOrg(st, models.OrgCommunityPartner, models.RoleReferralPartner, "partner@example.org")
		for n, user := range []string{"manager@example.org", "other@example.org", "partner@example.org"} {
			for _, c := range []struct{ file, want string }{{list, "3 lines: 3 added, 0 known before"}, {list, "3 lines: 0 added, 3 known before"},
				{next, "1 lines: 1 added, 0 known before"}, {next, "1 lines: 0 added, 1 known before"}} {
				dry, _ := s.command(0, "import", "referrals", c.file, "--as="+user, "--dry-run")
				out, errs := s.command(0, "import", "referrals", c.file, "--as="+user)
				if !strings.Contains(out, c.want) || !strings.Contains(dry, c.want) {
					t.Errorf("%s: %s%s%s, want %s", user, dry, out, errs, c.want)
				}
			}
			if got := people(t, st); got != 2*(n+1) {
				t.Errorf("%s: %d persons, want %d", user, got, 2*(n+1))
			}
		}
	})
}

// A list that somebody of an organisation took in is known to everybody there, whether or
// not they see its persons, in whatever order they come, and though a person went to
// another organisation since; what it has anew is added.
func TestTheSameListWithinAnOrganisation(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		st := s.manager("manager@example.org")
		supervisor, colleague, partner := s.user(st, models.RoleSupervisor), s.user(st, models.RoleCaseManager), s.user(st, models.RoleReferralPartner)
		const manager, heads = "manager@example.org", "Code,Source,Date referred,Shooting review,Disposition\n"
		for code, order := range map[string][]string{"Heron": {supervisor, colleague, manager}, "Wren": {manager, colleague, supervisor, partner},
			"Crow": {partner, manager, supervisor, colleague}, "Owl": {colleague, partner, manager}} {
			before := people(t, st)
			list := s.file(code+".csv", heads+code+" 1,community_partner,2024-05-01,,\n"+code+" 2,community_partner,2024-05-02,,\n")
			for n, user := range order {
				want := "2 lines: 0 added, 2 known before, 0 waiting, 0 at fault"
				if n == 0 {
					want = "2 lines: 2 added, 0 known before"
				}
				if out, errs := s.imports(0, list, user); !strings.Contains(out, want) {
					t.Errorf("%s of %v: %s%s, want %s", user, order, out, errs, want)
				}
				if got := people(t, st) - before; got != 2 {
					t.Fatalf("%s of %v: %d persons, want 2", user, order, got)
				}
			}
		}
		list := s.file("list.csv", heads+"Finch,outreach,2024-05-01,2024-04-01,referred\n")
		s.imports(0, list, supervisor)
		_, err := st.SQLDB().Exec(`UPDATE grants SET revoked = granted + 1, revoked_at = granted_at WHERE bucket = '` + person(t, st, "Finch") + `'`)
		must(t, err)
		before := people(t, st)
		if out, errs := s.imports(0, list, colleague); !strings.Contains(out, "0 added, 1 known") || people(t, st) != before {
			t.Errorf("of a person who went: %s%s, %d persons more", out, errs, people(t, st)-before)
		}
		more := s.file("more.csv", heads+"Heron 1,community_partner,2024-05-01,,\nHeron 1,community_partner,2024-07-01,,\n")
		for _, c := range []struct{ user, want string }{{manager, "1 added, 1 known"}, {supervisor, "0 added, 2 known"}, {colleague, "0 added, 2 known"}} {
			if out, errs := s.imports(0, more, c.user); !strings.Contains(out, c.want) {
				t.Errorf("a further referral, by %s: %s%s, want %s", c.user, out, errs, c.want)
			}
		}
	})
}

func TestImportRefusesWhatItCannotDo(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		s.manager("manager@example.org")
		list := s.file("list.csv", "Name\nx\n")
		odd := s.file("odd.csv", "Code,date_of_brith,Source,Date referred\rHeron,2001-01-01,outreach,2024-05-01\r")
		if out, errs := s.command(0, "import", "referrals", odd, "--as=manager@example.org"); !strings.Contains(errs, "column B (date_of_brith)") ||
			!strings.Contains(out, "1 added") {
			t.Errorf("an unknown heading, and the line ends of old Macintoshes: %s%s", out, errs)
		}
		for want, args := range map[string][]string{
			"--map source:= must be one of":   {list, "--as=manager@example.org", "--map=source:=nonsense"},
			"code is given twice":             {list, "--as=manager@example.org", "--map=code=Name", "--map=code:=x", "--map=code=Name"},
			"several columns could fill code": {s.file("two.csv", "Code,Code\nx,y\n"), "--as=manager@example.org"},
			"--as must be given":              {list}, "no active user": {list, "--as=x@example.org", "--map=code=Name", "--map=source:=outreach", "--map=referred_on:=2024-01-01"},
			"no column fills code": {list, "--as=manager@example.org"}, "open the list": {"nowhere.csv", "--as=manager@example.org"},
			"must be a .csv or an .xlsx": {s.file("list.pdf", "x"), "--as=manager@example.org"},
		} {
			if _, errs := s.command(1, append([]string{"import", "referrals"}, args...)...); !strings.Contains(errs, want) {
				t.Errorf("%v: %s", args, errs)
			}
		}
	})
}

func TestPurgeByCommand(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		s.manager("manager@example.org")
		for _, args := range [][]string{{"purge", "--dry-run"}, {"purge"}} {
			out, _ := s.command(0, args...)
			var told struct {
				Days    int `json:"retention_days"`
				Persons int `json:"persons"`
			}
			if err := json.Unmarshal([]byte(out), &told); err != nil || told.Persons != 0 || told.Days != 0 {
				t.Errorf("%v: %s %v", args, out, err)
			}
		}
		s.command(1, "purge", "--program=x")
	})
}
