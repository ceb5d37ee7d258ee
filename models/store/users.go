package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"pursuit/models"
)

// usersLimit bounds the list of all users of a program: a city has hundreds.
const usersLimit = 100_000

// userRow is a user as the table users holds it.
type userRow struct {
	ProgramNo    int32  `gorm:"primaryKey"`
	ID           string `gorm:"primaryKey"`
	OrgID        string
	Email        string
	EmailKey     string
	Name         string
	Role         string
	PasswordHash string
	Locale       string
	TimeZone     string
	QuietStart   string
	QuietEnd     string
	Active       bool
	CreatedAt    int64 `gorm:"autoCreateTime:false"`
	UpdatedAt    int64 `gorm:"autoUpdateTime:false"`
}

// TableName implements gorm's Tabler.
func (userRow) TableName() string { return "users" }

func newUserRow(u models.User) userRow {
	return userRow{ProgramNo: u.Program, ID: u.ID, OrgID: u.OrgID, Email: u.Email, EmailKey: EmailKey(u.Email),
		Name: u.Name, Role: string(u.Role), PasswordHash: u.PasswordHash, Locale: u.Locale, TimeZone: u.TimeZone,
		QuietStart: u.QuietStart, QuietEnd: u.QuietEnd, Active: u.Active,
		CreatedAt: u.CreatedAt.UnixMilli(), UpdatedAt: u.UpdatedAt.UnixMilli()}
}

func (r userRow) user() models.User {
	return models.User{Program: r.ProgramNo, ID: r.ID, OrgID: r.OrgID, Email: r.Email, Name: r.Name,
		Role: models.Role(r.Role), PasswordHash: r.PasswordHash, Locale: r.Locale, TimeZone: r.TimeZone,
		QuietStart: r.QuietStart, QuietEnd: r.QuietEnd, Active: r.Active,
		CreatedAt: fromMillis(r.CreatedAt), UpdatedAt: fromMillis(r.UpdatedAt)}
}

// EmailKey is what makes two e-mail addresses the same: no spaces around, no case.
func EmailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

func emailTaken() error {
	return &models.Error{Kind: models.KindConflict, Code: "conflict", Text: "There is such a user already.",
		Faults: []models.FieldFault{{Location: "body.email", Message: "is taken"}}}
}

// InsertUser stores a new user, made now when it does not say when. An e-mail
// address (or id) that is taken, in whatever program, is a conflict.
func (tx *Tx) InsertUser(user models.User) error {
	if user.CreatedAt.IsZero() {
		user.CreatedAt = tx.Now
	}
	if user.UpdatedAt.IsZero() {
		user.UpdatedAt = user.CreatedAt
	}
	row := newUserRow(user)
	err := tx.db.Create(&row).Error
	if isDuplicate(err) {
		return emailTaken()
	}
	if err != nil {
		return fmt.Errorf("insert user: %w", err)
	}
	return nil
}

// UpdateUser stores everything of a user but the time of making, and sets the time
// of change to now. An e-mail address that is taken is a conflict; an unknown user
// is not_found. All sessions of a user who is not active end with the transaction;
// those of others learn of the change with its commit.
func (tx *Tx) UpdateUser(user models.User) error {
	user.UpdatedAt = tx.Now
	row := newUserRow(user)
	done := tx.db.Model(&row).Select("*").Omit("program_no", "id", "created_at").Updates(row)
	if isDuplicate(done.Error) {
		return emailTaken()
	}
	if done.Error != nil {
		return fmt.Errorf("update user: %w", done.Error)
	}
	if done.RowsAffected == 0 {
		return models.NotFound()
	}
	if !user.Active {
		if err := tx.EndSessions(SessionScope{Program: user.Program, UserID: user.ID}, models.EndUser); err != nil {
			return err
		}
	}
	return tx.sessionsChanged(user.Program, user.ID)
}

// User reads one user; not_found when the program has none of that id.
func (tx *Tx) User(program int32, id string) (models.User, error) {
	return findUser(tx.db, program, id)
}

// User reads one user; not_found when the program has none of that id.
func (s *Store) User(ctx context.Context, program int32, id string) (models.User, error) {
	return findUser(s.read.WithContext(ctx), program, id)
}

func findUser(db *gorm.DB, program int32, id string) (models.User, error) {
	if !models.ValidID(id) {
		return models.User{}, models.NotFound()
	}
	return takeUser(db.Where("program_no = ? AND id = ?", program, id))
}

// UserByEmail finds a user of any program by e-mail address, whatever its case.
func (s *Store) UserByEmail(ctx context.Context, email string) (models.User, error) {
	return takeUser(s.read.WithContext(ctx).Where("email_key = ?", EmailKey(email)))
}

func takeUser(db *gorm.DB) (models.User, error) {
	var row userRow
	err := db.Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.User{}, models.NotFound()
	}
	if err != nil {
		return models.User{}, fmt.Errorf("read user: %w", err)
	}
	return row.user(), nil
}

// UsersOf lists all users of a program by id, inactive ones included.
func (tx *Tx) UsersOf(program int32) ([]models.User, error) {
	return listUsers(tx.db, program, "", usersLimit)
}

// Users lists a program's users by id, at most limit of those after the given id
// ("" starts at the first).
func (s *Store) Users(ctx context.Context, program int32, after string, limit int) ([]models.User, error) {
	return listUsers(s.read.WithContext(ctx), program, after, limit)
}

func listUsers(db *gorm.DB, program int32, after string, limit int) ([]models.User, error) {
	query := db.Where("program_no = ?", program)
	if after != "" {
		query = query.Where("id > ?", after)
	}
	var rows []userRow
	if err := query.Order("id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	out := make([]models.User, len(rows))
	for i, row := range rows {
		out[i] = row.user()
	}
	return out, nil
}

// EmailTaken tells whether any user of the server signs in with the address.
func (tx *Tx) EmailTaken(email string) (bool, error) {
	var n int
	err := tx.row(`SELECT count(*) FROM users WHERE email_key = ?`, EmailKey(email)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look up e-mail: %w", err)
	}
	return n > 0, nil
}
