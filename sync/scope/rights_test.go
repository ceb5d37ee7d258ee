package scope_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pursuit/models"
	"pursuit/sync/scope"
)

var rewrite = flag.Bool("rewrite", false, "write what is as what should be")

// The rights of every role to every table, as a table to be read beside
// docs/domain.md, "Who writes, who receives": i insert, p patch, d delete, and
// h where the role never receives the table.
func TestRights(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "%-17s", "")
	for _, role := range models.Roles {
		fmt.Fprintf(&b, " %-16s", role)
	}
	for _, table := range models.Tables.Tables {
		fmt.Fprintf(&b, "\n%-17s", table.Name)
		for _, role := range models.Roles {
			cell := ""
			for _, op := range []models.Op{models.OpInsert, models.OpPatch, models.OpDelete} {
				letter := "-"
				if scope.May(role, table.Name, op) {
					letter = string(op[0])
				}
				cell += letter
			}
			if table.HiddenFrom(role) {
				cell += "h"
			}
			fmt.Fprintf(&b, " %-16s", cell)
		}
	}
	got := strings.ReplaceAll(b.String()+"\n", "  \n", "\n")
	lines := strings.Split(got, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	got = strings.Join(lines, "\n")
	const file = "testdata/rights.txt"
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || got != string(want) {
		t.Errorf("rights are\n%s\nwant (%v)\n%s", got, err, want)
	}
}

// What is not in the table is denied.
func TestUnknownIsDenied(t *testing.T) {
	for _, role := range append([]models.Role{"", "owner"}, models.Roles...) {
		for _, op := range []models.Op{models.OpInsert, models.OpPatch, models.OpDelete, "upsert", ""} {
			if scope.May(role, "secrets", op) || (role == "" || role == "owner") && scope.May(role, "people", op) ||
				(op == "" || op == "upsert") && scope.May(role, "people", op) {
				t.Errorf("%q may %q", role, op)
			}
		}
	}
}

const (
	me, mine, theirs = "me", "my org", "their org"
)

// history draws grants of one bucket and memberships of one person.
func history(t *rapid.T) ([]models.Grant, []models.Membership) {
	var grants []models.Grant
	moment := func(n int64) time.Time { return time.UnixMilli(n * 1000).UTC() }
	for range rapid.IntRange(0, 5).Draw(t, "grants") {
		g := models.Grant{Principal: rapid.SampledFrom([]string{me, mine, theirs, "somebody"}).Draw(t, "principal"),
			Granted: rapid.Int64Range(0, 50).Draw(t, "granted"), Revoked: models.Forever}
		if rapid.Bool().Draw(t, "ended") {
			g.Revoked = g.Granted + rapid.Int64Range(1, 30).Draw(t, "length")
			g.RevokedAt = moment(g.Revoked)
		}
		g.GrantedAt = moment(g.Granted)
		grants = append(grants, g)
	}
	var list []models.Membership
	for from := int64(0); len(list) < 1+rapid.IntRange(0, 4).Draw(t, "moves"); {
		m := models.Membership{UserID: me, OrgID: rapid.SampledFrom([]string{mine, theirs}).Draw(t, "org"),
			Role: rapid.SampledFrom(models.Roles).Draw(t, "role"), From: from, To: models.Forever, FromAt: moment(from)}
		if len(list) > 0 {
			list[len(list)-1].To, list[len(list)-1].ToAt = from, moment(from)
		}
		list = append(list, m)
		from += rapid.Int64Range(1, 20).Draw(t, "stay")
	}
	return grants, list
}

// counted is the slow other way: at one number of the sequence, does any grant that
// stands then count for who the person is then?
func counted(grants []models.Grant, list []models.Membership, seq int64) bool {
	for _, m := range list {
		if seq < m.From || seq >= m.To {
			continue
		}
		for _, g := range grants {
			if seq < g.Granted || seq >= g.Revoked {
				continue
			}
			own := g.Principal == me && (m.Role == models.RoleOutreachWorker || m.Role == models.RoleCaseManager || m.Role == models.RoleSupervisor)
			if own || g.Principal == m.OrgID && m.Role == models.RoleSupervisor {
				return true
			}
		}
	}
	return false
}

// Access now, ever and at each moment of the past is what the intervals say.
func TestAccessAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grants, list := history(t)
		last := list[len(list)-1]
		if last.Role == models.RoleReferralPartner {
			return // their own grants count for writing: below
		}
		who := models.Actor{UserID: me, OrgID: last.OrgID, Role: last.Role}
		a, err := scope.AccessTo(who, grants, func() ([]models.Membership, error) { return list, nil })
		if err != nil {
			t.Fatal(err)
		}
		const end = 200
		if want := counted(grants, list, end); a.Now != want {
			t.Fatalf("holds it now: %v, want %v", a.Now, want)
		}
		if a.Now {
			return // the past is not asked
		}
		ever := false
		for seq := int64(0); seq < end; seq++ {
			want := counted(grants, list, seq)
			ever = ever || want
			if got := a.HeldAt(time.UnixMilli(seq * 1000)); got != want {
				t.Fatalf("held at %d: %v, want %v", seq, got, want)
			}
		}
		if a.Ever() != ever {
			t.Fatalf("ever held: %v, want %v", a.Ever(), ever)
		}
	})
}

func TestPartnerWritesWhatTheyMade(t *testing.T) {
	own := []models.Grant{{Principal: me, Revoked: models.Forever}}
	a, err := scope.AccessTo(models.Actor{UserID: me, OrgID: mine, Role: models.RoleReferralPartner}, own, nil)
	if err != nil || !a.Now {
		t.Fatalf("access %v, %v", a, err)
	}
	if scope.Counts(own[0], me, models.Membership{OrgID: mine, Role: models.RoleReferralPartner}) {
		t.Fatal("a partner's own grant counts for reading")
	}
}

// A grant counts for the part of its time in which the person was who it counts for.
func TestAccessByHand(t *testing.T) {
	at := func(n int64) time.Time { return time.UnixMilli(n * 1000).UTC() }
	grant := models.Grant{Principal: mine, Granted: 10, Revoked: 20, GrantedAt: at(10), RevokedAt: at(20)}
	for name, c := range map[string]struct {
		from, to   int64
		held, free []int64
	}{
		"member before and after": {0, 90, []int64{10, 19}, []int64{9, 20}},
		"joined in the middle":    {15, 90, []int64{15, 19}, []int64{10, 14, 20}},
		"left in the middle":      {0, 15, []int64{10, 14}, []int64{9, 15}},
		"joined when it ended":    {20, 90, nil, []int64{10, 19, 20}},
		"left when it began":      {0, 10, nil, []int64{9, 10}},
	} {
		past := []models.Membership{{UserID: me, OrgID: mine, Role: models.RoleSupervisor, From: c.from, To: c.to, FromAt: at(c.from), ToAt: at(c.to)}}
		who := models.Actor{UserID: me, OrgID: theirs, Role: models.RoleSupervisor}
		a, err := scope.AccessTo(who, []models.Grant{grant}, func() ([]models.Membership, error) { return past, nil })
		if err != nil || a.Now || a.Ever() != (len(c.held) > 0) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
		for _, n := range c.held {
			if !a.HeldAt(at(n)) {
				t.Errorf("%s: not held at %d", name, n)
			}
		}
		for _, n := range c.free {
			if a.HeldAt(at(n)) {
				t.Errorf("%s: held at %d", name, n)
			}
		}
	}
}
