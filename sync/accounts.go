package sync

import (
	"context"
	"fmt"
	"strings"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// NewProgram is what a program begins with.
type NewProgram struct {
	Name              string
	TimeZone          string // IANA name
	AdminEmail        string
	AdminPasswordHash string
}

// Bootstrapped names what Bootstrap made.
type Bootstrapped struct {
	ProgramID string `json:"program_id"`
	OrgID     string `json:"org_id"`
	UserID    string `json:"user_id"`
}

// Bootstrap makes a program with its lead organisation and its first admin.
//
// The error is a *models.Error: invalid_request for a bad name or time zone,
// conflict when the e-mail address is taken.
func (e *Engine) Bootstrap(ctx context.Context, n NewProgram) (Bootstrapped, error) {
	if strings.TrimSpace(n.Name) == "" {
		return Bootstrapped{}, models.Invalid("name", "must not be blank")
	}
	if _, err := time.LoadLocation(n.TimeZone); err != nil || n.TimeZone == "" {
		return Bootstrapped{}, models.Invalid("time_zone", "must be an IANA time zone such as America/Los_Angeles")
	}
	p, err := store.In(ctx, e.store, func(tx *store.Tx) (models.Program, error) {
		if taken, err := tx.EmailTaken(n.AdminEmail); err != nil || taken {
			if err == nil {
				err = models.E(models.KindConflict, "conflict", "There is a user with this e-mail address already.")
			}
			return models.Program{}, err
		}
		return tx.NewProgram(models.Program{ID: models.NewID(), Name: n.Name, TimeZone: n.TimeZone})
	})
	if err != nil {
		return Bootstrapped{}, err
	}
	who := models.Actor{Program: p.No, ProgramID: p.ID, TimeZone: p.TimeZone, Role: models.RoleAdmin}
	org, err := e.CreateOrg(ctx, who, models.Org{Name: n.Name, Kind: models.OrgLead})
	if err != nil {
		return Bootstrapped{}, err
	}
	admin, err := e.CreateUser(ctx, who, models.User{OrgID: org.ID, Email: n.AdminEmail, Name: "Admin",
		Role: models.RoleAdmin, PasswordHash: n.AdminPasswordHash, Locale: "en", Active: true})
	return Bootstrapped{ProgramID: p.ID, OrgID: org.ID, UserID: admin.ID}, err
}

// CreateOrg makes an organisation of the caller's program. A program has one lead.
func (e *Engine) CreateOrg(ctx context.Context, who models.Actor, org models.Org) (models.Org, error) {
	if org.ID == "" {
		org.ID = models.NewID()
	}
	org.Program = who.Program
	err := store.InProgram(ctx, e.store, who.Program, func(tx *store.ProgramTx) error {
		org.CreatedAt = tx.Now
		if err := tx.InsertOrg(org); err != nil {
			return err
		}
		return tx.Audit(accountEntry(who, AuditOrgMade, org.ID, nil))
	})
	return org, err
}

// CreateUser makes a user of the caller's program, with the staff row by which
// their organisation sees them.
func (e *Engine) CreateUser(ctx context.Context, who models.Actor, u models.User) (models.User, error) {
	if u.ID == "" {
		u.ID = models.NewID()
	}
	u.Program = who.Program
	err := store.InProgram(ctx, e.store, who.Program, func(tx *store.ProgramTx) error {
		if _, err := tx.Org(who.Program, u.OrgID); err != nil {
			return unknownOrg(err)
		}
		u.CreatedAt, u.UpdatedAt = tx.Now, tx.Now
		if err := tx.InsertUser(u); err != nil {
			return err
		}
		w := newWorld(tx)
		if err := w.staff(who, u, u.Active); err != nil {
			return err
		}
		m := models.Membership{UserID: u.ID, OrgID: u.OrgID, Role: u.Role, From: tx.Seq(), FromAt: tx.Now, To: models.Forever}
		if err := tx.SaveMembership(m); err != nil {
			return err
		}
		if err := tx.Audit(accountEntry(who, AuditUserMade, u.ID, nil)); err != nil {
			return err
		}
		return w.flush()
	})
	return u, err
}

func unknownOrg(err error) error {
	if known := models.AsError(err); known != nil && known.Kind == models.KindNotFound {
		return models.Invalid("body.org_id", "must be an organisation of the program")
	}
	return err
}

// UpdateUser changes a user of the caller's program. A new role or organisation
// moves what they hold in the same transaction; moving to another organisation, or
// to a role that works no cases, ends their assignments.
func (e *Engine) UpdateUser(ctx context.Context, who models.Actor, id string, change func(*models.User) error) (models.User, error) {
	var u models.User
	err := store.InProgram(ctx, e.store, who.Program, func(tx *store.ProgramTx) error {
		old, err := tx.User(who.Program, id)
		if err != nil {
			return err
		}
		u = old
		if err := change(&u); err != nil {
			return err
		}
		if _, err := tx.Org(who.Program, u.OrgID); err != nil {
			return unknownOrg(err)
		}
		u.UpdatedAt = tx.Now
		if err := tx.UpdateUser(u); err != nil {
			return err
		}
		w := newWorld(tx)
		if err := w.moveUser(who, old, u); err != nil {
			return err
		}
		if err := tx.Audit(accountEntry(who, AuditUserChange, u.ID, changedFields(old, u))); err != nil {
			return err
		}
		return w.flush()
	})
	return u, err
}

// moveUser brings staff rows, membership, assignments and grants in line with a
// changed user.
func (w *world) moveUser(who models.Actor, old, u models.User) error {
	moved := old.OrgID != u.OrgID
	if moved {
		if err := w.staff(who, old, false); err != nil {
			return err
		}
	}
	if moved || old.Role != u.Role || old.Name != u.Name || old.Active != u.Active {
		if err := w.staff(who, u, u.Active); err != nil {
			return err
		}
	}
	if !moved && old.Role == u.Role {
		return nil
	}
	if moved || !u.Role.HoldsCases() {
		if err := w.endAll(who, u, moved); err != nil {
			return err
		}
	}
	return w.newMembership(u)
}

// staff writes the row by which an organisation sees a user, or removes it from the
// organisation they left.
func (w *world) staff(who models.Actor, u models.User, active bool) error {
	t := models.Tables.Table("staff")
	id := models.StaffID(u.ID, u.OrgID)
	row, err := w.row(t, id)
	if err != nil {
		return err
	}
	made := row == nil
	if made {
		row = models.NewRow(t, id)
	} else {
		row = row.Clone()
	}
	row.Bucket, row.Deleted = u.OrgID, false
	row.PutText("user_id", u.ID)
	row.PutText("name", u.Name)
	row.PutText("role", string(u.Role))
	row.Put("active", models.BoolValue(active))
	row.V = w.tx.Next()
	by := models.Writer{V: row.V, At: w.tx.Now.UnixMilli(), User: who.UserID, Role: who.Role}
	row.Meta.Wrote(by)
	w.stamp(&job{who: models.Actor{UserID: firstOf(who.UserID, u.ID)}}, row, made)
	w.put(row)
	return nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// newMembership ends the standing membership and begins the next, at the present
// sequence number.
func (w *world) newMembership(u models.User) error {
	list, err := w.tx.Memberships(u.ID)
	if err != nil {
		return err
	}
	if len(list) > 0 {
		last := list[len(list)-1]
		last.To, last.ToAt = w.tx.Seq(), w.tx.Now
		if err := w.tx.SaveMembership(last); err != nil {
			return err
		}
	}
	return w.tx.SaveMembership(models.Membership{UserID: u.ID, OrgID: u.OrgID, Role: u.Role, From: w.tx.Seq(), FromAt: w.tx.Now, To: models.Forever})
}

// assignmentsMax bounds the assignments ended when somebody moves: nobody pursues
// thousands of people at once.
const assignmentsMax = 10_000

// endAll ends a user's live assignments; when they left the organisation it takes
// all else they held there too.
func (w *world) endAll(who models.Actor, u models.User, left bool) error {
	grants, err := w.tx.GrantsOf(u.ID)
	if err != nil {
		return err
	}
	if len(grants) > assignmentsMax {
		return fmt.Errorf("user %s holds more than %d buckets", u.ID, assignmentsMax)
	}
	w.authors[u.ID] = models.Actor{UserID: u.ID, OrgID: u.OrgID, Role: u.Role}
	for _, g := range grants {
		if g.FromAssignment() {
			if err := w.endOne(who, g.Source[len(models.SourceAssignment):]); err != nil {
				return err
			}
		}
	}
	for _, g := range grants {
		if !left {
			break
		}
		if err := w.take(g.Bucket, func(have models.Grant) bool {
			return have.Principal == u.ID && have.Source != models.SourceQuarantine // what they wrote stays in their sight
		}); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) endOne(who models.Actor, assignment string) error {
	row, err := w.live(models.Tables.Table("assignments"), assignment)
	if err != nil || row == nil || row.Get("ended_at") != nil {
		return err
	}
	ended := row.Clone()
	ended.Put("ended_at", models.TimeValue(w.tx.Now))
	ended.V = w.tx.Next()
	ended.Meta.Wrote(models.Writer{V: ended.V, At: w.tx.Now.UnixMilli(), User: who.UserID, Role: who.Role}, "ended_at")
	w.stamp(&job{who: who}, ended, false)
	w.put(ended)
	return w.assignment(row, ended)
}
