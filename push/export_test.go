package push

import (
	"context"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"pursuit/models/store"
)

const jobsListed = 10_000

// Work lets River work until ctx ends, without looks.
func (s *Service) Work(ctx context.Context) { s.work(ctx) }

// DueJobs counts the jobs that are due by the clock, or under way. What River's
// scheduler does every five seconds of real time is done at once.
func (s *Service) DueJobs(ctx context.Context) (int, error) {
	now := s.jobTimes.Clock()
	_, err := s.store.JobDriver().GetExecutor().JobSchedule(ctx, &riverdriver.JobScheduleParams{Max: jobsListed, Now: &now})
	if err != nil {
		return 0, err
	}
	list, err := s.jobs.JobList(ctx, river.NewJobListParams().First(jobsListed).
		States(rivertype.JobStateAvailable, rivertype.JobStateRunning))
	if err != nil {
		return 0, err
	}
	due := 0
	for _, job := range list.Jobs {
		if job.State == rivertype.JobStateRunning || !job.ScheduledAt.After(now) {
			due++
		}
	}
	return due, nil
}

// TakeJobs takes jobs as an instance does that dies before it did anything with them.
func (s *Service) TakeJobs(ctx context.Context, count int) (int, error) {
	now := s.jobTimes.Clock()
	jobs, err := s.store.JobDriver().GetExecutor().JobGetAvailable(ctx, &riverdriver.JobGetAvailableParams{ClientID: "dead",
		MaxAttemptedBy: 1, MaxToLock: count, Now: &now, Queue: queue})
	return len(jobs), err
}

// Plan decides on pushes as a look does.
func (s *Service) Plan(ctx context.Context, program int32, pushes []store.NewPush) error {
	return store.InProgram(ctx, s.store, program, func(tx *store.ProgramTx) error { return s.PlanIn(tx, pushes) })
}

// PlanIn decides on pushes as a look does, in a transaction.
func (s *Service) PlanIn(tx *store.ProgramTx, pushes []store.NewPush) error {
	keys, err := tx.PlanPushes(pushes)
	if err != nil {
		return err
	}
	return s.enqueue(tx.Tx, keys)
}
