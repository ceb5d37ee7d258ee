package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pursuit/models"
)

// devicesOfOneID bounds how many users' devices share one id: a shared phone has
// one for each of a shift.
const devicesOfOneID = 1000

// deviceRow is a device as the table devices holds it.
type deviceRow struct {
	ProgramNo  int32
	UserID     string
	ID         string
	Name       string
	Platform   string
	AppVersion string
	Status     string
	PushToken  string
	LastSyncAt int64 // 0 = never
	CreatedAt  int64 `gorm:"autoCreateTime:false"`
}

// TableName implements gorm's Tabler.
func (deviceRow) TableName() string { return "devices" }

func (r deviceRow) device() models.Device {
	d := models.Device{Program: r.ProgramNo, UserID: r.UserID, ID: r.ID, Name: r.Name, Platform: r.Platform,
		AppVersion: r.AppVersion, Status: models.DeviceStatus(r.Status), PushToken: r.PushToken,
		CreatedAt: fromMillis(r.CreatedAt)}
	if r.LastSyncAt > 0 {
		d.LastSyncAt = fromMillis(r.LastSyncAt)
	}
	return d
}

func devicesOf(rows []deviceRow) []models.Device {
	out := make([]models.Device, len(rows))
	for i, row := range rows {
		out[i] = row.device()
	}
	return out
}

// PutDevice stores a device that signs in: a new one is active, a known one gets
// its name, platform and version. Its status, push token and times stay.
func (tx *Tx) PutDevice(d models.Device) error {
	row := deviceRow{ProgramNo: d.Program, UserID: d.UserID, ID: d.ID, Name: d.Name, Platform: d.Platform,
		AppVersion: d.AppVersion, Status: string(models.DeviceActive), CreatedAt: tx.Now.UnixMilli()}
	err := tx.db.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "program_no"}, {Name: "user_id"}, {Name: "id"}},
		DoUpdates: clause.AssignmentColumns([]string{"name", "platform", "app_version"}),
	}).Create(&row).Error
	if err != nil {
		return fmt.Errorf("store device: %w", err)
	}
	return nil
}

// Device reads one device of a user; not_found when there is none.
func (tx *Tx) Device(program int32, userID, id string) (models.Device, error) {
	var row deviceRow
	err := tx.db.Where("program_no = ? AND user_id = ? AND id = ?", program, userID, id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Device{}, models.NotFound()
	}
	if err != nil {
		return models.Device{}, fmt.Errorf("read device: %w", err)
	}
	return row.device(), nil
}

// DevicesNamed lists the devices of one id in a program: one for each user who
// signed in on that phone.
func (tx *Tx) DevicesNamed(program int32, id string) ([]models.Device, error) {
	var rows []deviceRow
	err := tx.db.Where("program_no = ? AND id = ?", program, id).Order("user_id").Limit(devicesOfOneID).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	return devicesOf(rows), nil
}

// SetDeviceStatus changes where a device stands. A device that is not active loses
// its push token with it.
func (tx *Tx) SetDeviceStatus(d models.Device, status models.DeviceStatus) error {
	token := d.PushToken
	if status != models.DeviceActive {
		token = ""
	}
	_, err := tx.exec(`UPDATE devices SET status = ?, push_token = ? WHERE program_no = ? AND user_id = ? AND id = ?`,
		string(status), token, d.Program, d.UserID, d.ID)
	if err != nil {
		return fmt.Errorf("change device: %w", err)
	}
	return tx.sessionsChanged(d.Program, d.UserID)
}

// SetPushToken gives a device its push token ("" takes it away). A token is one
// installation's, so any other device that had it (another user's on the same
// phone) loses it.
func (tx *Tx) SetPushToken(program int32, userID, id, token string) error {
	if token != "" {
		if _, err := tx.exec(`UPDATE devices SET push_token = '' WHERE program_no = ? AND push_token = ?`, program, token); err != nil {
			return fmt.Errorf("free push token: %w", err)
		}
	}
	_, err := tx.exec(`UPDATE devices SET push_token = ? WHERE program_no = ? AND user_id = ? AND id = ?`,
		token, program, userID, id)
	if err != nil {
		return fmt.Errorf("store push token: %w", err)
	}
	if token == "" {
		return nil
	}
	return tx.TellAgain(program, userID)
}

// Devices lists a program's devices by user and id, at most limit of those after
// the given pair ("" starts at the first); of one user only when userID is given.
func (s *Store) Devices(ctx context.Context, program int32, userID, afterUser, afterID string, limit int) ([]models.Device, error) {
	query := s.read.WithContext(ctx).Where("program_no = ?", program)
	if userID != "" {
		query = query.Where("user_id = ?", userID)
	}
	if afterUser != "" {
		query = query.Where("(user_id, id) > (?, ?)", afterUser, afterID)
	}
	var rows []deviceRow
	if err := query.Order("user_id, id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	return devicesOf(rows), nil
}

// DeviceSync says when a device last synced.
type DeviceSync struct {
	Program  int32
	UserID   string
	DeviceID string
	At       time.Time
}

// SaveSyncTimes stores when devices last synced; an earlier time than the stored
// one changes nothing. Callers give the list in one order (of its keys), so that
// two instances cannot wait for each other.
func (s *Store) SaveSyncTimes(ctx context.Context, list []DeviceSync) error {
	return InTx(ctx, s, func(tx *Tx) error {
		for _, d := range list {
			_, err := tx.exec(`UPDATE devices SET last_sync_at = ?
				WHERE program_no = ? AND user_id = ? AND id = ? AND last_sync_at < ?`,
				d.At.UnixMilli(), d.Program, d.UserID, d.DeviceID, d.At.UnixMilli())
			if err != nil {
				return fmt.Errorf("store sync time: %w", err)
			}
		}
		return nil
	})
}
