package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"pursuit/models"
)

// Head is where a program's sequence stands.
type Head struct {
	Seq   int64
	Epoch string
	Floor int64 // tombstones up to here are gone
}

// Head reads a program's sequence.
func (s *Store) Head(ctx context.Context, program int32) (Head, error) {
	var h Head
	err := s.readRow(ctx, `SELECT seq, epoch, floor FROM sequences WHERE program_no = ?`, program).Scan(&h.Seq, &h.Epoch, &h.Floor)
	if errors.Is(err, sql.ErrNoRows) {
		return h, models.NotFound()
	}
	if err != nil {
		return h, fmt.Errorf("read sequence: %w", err)
	}
	return h, nil
}

// EpochEnd tells up to which sequence number a device that knew only the given epoch
// shares its history with the present one; false when the epoch is not known.
func (s *Store) EpochEnd(ctx context.Context, program int32, epoch string) (int64, bool, error) {
	var end sql.NullInt64
	err := s.readRow(ctx, `SELECT min(later.ended_at) FROM epochs old JOIN epochs later
		ON later.program_no = old.program_no AND later.no >= old.no WHERE old.program_no = ? AND old.epoch = ?`,
		program, epoch).Scan(&end)
	if err != nil {
		return 0, false, fmt.Errorf("read epoch: %w", err)
	}
	return end.Int64, end.Valid, nil
}

// NewEpoch begins a new epoch of a program whose database went back in time, and
// moves its sequence past every number that is known to have been given out.
//
// from is the epoch that the devices knew: it ended where the sequence stands now.
// When somebody else has begun a new epoch since `from` was seen, nothing happens.
func (s *Store) NewEpoch(ctx context.Context, program int32, from string, past int64) error {
	return InTx(ctx, s, func(tx *Tx) error {
		p, err := tx.program(program)
		if err != nil {
			return err
		}
		var known int
		err = tx.row(`SELECT count(*) FROM epochs WHERE program_no = ? AND epoch = ?`, program, from).Scan(&known)
		if err != nil {
			return fmt.Errorf("look up epoch: %w", err)
		}
		if known > 0 {
			return nil
		}
		if err := p.endEpochs(from, p.Epoch); err != nil {
			return err
		}
		_, err = tx.exec(`UPDATE sequences SET seq = ?, epoch = ? WHERE program_no = ?`,
			max(p.start, past)+epochGap, models.NewID(), program)
		if err != nil {
			return fmt.Errorf("begin epoch: %w", err)
		}
		return nil
	})
}

// endEpochs records that epochs ended where the sequence stands.
func (tx *ProgramTx) endEpochs(epochs ...string) error {
	for _, ended := range epochs {
		var last int
		err := tx.row(`SELECT coalesce(max(no), 0) FROM epochs WHERE program_no = ?`, tx.Program.No).Scan(&last)
		if err != nil {
			return fmt.Errorf("count epochs: %w", err)
		}
		_, err = tx.exec(`INSERT INTO epochs (program_no, no, epoch, ended_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			tx.Program.No, last+1, ended, tx.start)
		if err != nil {
			return fmt.Errorf("end epoch: %w", err)
		}
	}
	return nil
}

// epochGap is left free at the start of an epoch, so that numbers given out after
// the backup and never seen here again are not given out twice in practice. What
// was given out beyond it has another epoch, which tells the two apart.
const epochGap = 1_000_000

// LostNumber tells whether a sequence number can only have been given out by a
// history that a restored backup undid: it lies after the end of an epoch and before
// the first number of the next.
func (tx *ProgramTx) LostNumber(seq int64) (bool, error) {
	if err := tx.sendLater(); err != nil {
		return false, err
	}
	var n int
	err := tx.row(`SELECT count(*) FROM epochs WHERE program_no = ? AND ended_at < ? AND ended_at >= ?`,
		tx.Program.No, seq, seq-epochGap).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look up epochs: %w", err)
	}
	return n > 0, nil
}
