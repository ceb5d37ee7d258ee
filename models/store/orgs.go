package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"pursuit/models"
)

// orgRow is an organisation as the table orgs holds it.
type orgRow struct {
	ProgramNo int32
	ID        string
	Name      string
	Kind      string
	CreatedAt int64 `gorm:"autoCreateTime:false"`
}

// TableName implements gorm's Tabler.
func (orgRow) TableName() string { return "orgs" }

func (r orgRow) org() models.Org {
	return models.Org{Program: r.ProgramNo, ID: r.ID, Name: r.Name, Kind: models.OrgKind(r.Kind),
		CreatedAt: fromMillis(r.CreatedAt)}
}

// InsertOrg stores a new organisation, made now when it does not say when.
func (tx *Tx) InsertOrg(org models.Org) error {
	if org.CreatedAt.IsZero() {
		org.CreatedAt = tx.Now
	}
	row := orgRow{ProgramNo: org.Program, ID: org.ID, Name: org.Name, Kind: string(org.Kind),
		CreatedAt: org.CreatedAt.UnixMilli()}
	err := tx.db.Create(&row).Error
	if isDuplicate(err) {
		return models.E(models.KindConflict, "conflict", "There is such an organisation already.")
	}
	if err != nil {
		return fmt.Errorf("insert organisation: %w", err)
	}
	return nil
}

// Org reads one organisation; not_found when the program has none of that id.
func (tx *Tx) Org(program int32, id string) (models.Org, error) { return findOrg(tx.db, program, id) }

// Org reads one organisation; not_found when the program has none of that id.
func (s *Store) Org(ctx context.Context, program int32, id string) (models.Org, error) {
	return findOrg(s.read.WithContext(ctx), program, id)
}

func findOrg(db *gorm.DB, program int32, id string) (models.Org, error) {
	if !models.ValidID(id) {
		return models.Org{}, models.NotFound()
	}
	var row orgRow
	err := db.Where("program_no = ? AND id = ?", program, id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Org{}, models.NotFound()
	}
	if err != nil {
		return models.Org{}, fmt.Errorf("read organisation: %w", err)
	}
	return row.org(), nil
}

// Orgs lists a program's organisations by id, at most limit of those after the
// given id ("" starts at the first).
func (s *Store) Orgs(ctx context.Context, program int32, after string, limit int) ([]models.Org, error) {
	query := s.read.WithContext(ctx).Where("program_no = ?", program)
	if after != "" {
		query = query.Where("id > ?", after)
	}
	var rows []orgRow
	if err := query.Order("id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list organisations: %w", err)
	}
	out := make([]models.Org, len(rows))
	for i, row := range rows {
		out[i] = row.org()
	}
	return out, nil
}

// OrgIDs gives the ids of all organisations of the program.
func (tx *ProgramTx) OrgIDs() (map[string]bool, error) {
	rows, err := tx.query(`SELECT id FROM orgs WHERE program_no = ?`, tx.Program.No)
	if err != nil {
		return nil, fmt.Errorf("list organisations: %w", err)
	}
	ids, err := scanIDs(rows)
	out := make(map[string]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, err
}
