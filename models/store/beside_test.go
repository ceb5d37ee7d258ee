package store_test

import (
	"context"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// What another process wrote to the SQLite file is told while Listen runs, and what
// this one wrote is not taken for somebody else's.
func TestWritesBesideTheServerAreTold(t *testing.T) {
	url := storetest.URL(t, store.SQLite)
	served, beside := storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	p, _ := newProgram(t, beside)
	commits, sessions, lost := make(chan store.Commit, 100), make(chan store.SessionChange, 100), make(chan struct{}, 100)
	must(t, served.OnCommit(func(c store.Commit) { commits <- c }))
	must(t, served.OnSessionChange(func(c store.SessionChange) { sessions <- c }))
	listening, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		served.Listen(listening, func() { lost <- struct{}{} })
	}()
	defer func() { stop(); <-ended }()

	for i := int64(1); i <= 3; i++ {
		want := i * 5_000_000
		told := false
		for try := 0; !told && try < 50; try++ { // until it listens, nobody can tell it
			must(t, beside.NewEpoch(ctx, p.No, models.NewID(), want))
			head, err := beside.Head(ctx, p.No)
			must(t, err)
			select {
			case c := <-commits:
				if told = c.Program == p.No && c.Seq > want; told && c.Seq > head.Seq {
					t.Fatalf("told of %d, and the sequence stands at %d", c.Seq, head.Seq)
				}
			case <-time.After(200 * time.Millisecond):
			}
		}
		if !told {
			t.Fatal("nothing was told")
		}
		<-lost
		if c := <-sessions; c != (store.SessionChange{}) {
			t.Errorf("told that %+v changed, but it may be anybody", c)
		}
	}
	settle(lost)
	newProgram(t, served)
	select {
	case <-lost:
		t.Error("an own commit was taken for another process's")
	case <-time.After(500 * time.Millisecond):
	}
}

// settle waits until nothing more comes.
func settle(news <-chan struct{}) {
	for {
		select {
		case <-news:
		case <-time.After(500 * time.Millisecond):
			return
		}
	}
}
