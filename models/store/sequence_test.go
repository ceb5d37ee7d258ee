package store_test

import (
	"context"
	"slices"
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// Two servers that write one program at once, each from several sides, hand out every
// number once and none in vain. Source: docs/adr/0001-sequence.md.
func TestServersShareOneSequence(t *testing.T) {
	const writers, each = 8, 25
	for _, dialect := range storetest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			url, ctx := storetest.URL(t, dialect), context.Background()
			servers := []*store.Store{storetest.OpenURL(t, url), storetest.OpenURL(t, url)}
			p, err := store.In(ctx, servers[0], func(tx *store.Tx) (models.Program, error) {
				return tx.NewProgram(models.Program{ID: models.NewID(), Name: "P", TimeZone: "UTC"})
			})
			if err != nil {
				t.Fatal(err)
			}
			taken, failed := make(chan int64, writers*each), make(chan error, writers)
			for n := range writers {
				go func() {
					var err error
					for i := 0; i < each && err == nil; i++ {
						var number int64
						err = store.InProgram(ctx, servers[n%2], p.No, func(tx *store.ProgramTx) error {
							number = tx.Next()
							_, err := tx.LeadOrg() // something happens between the first statement and the last
							return err
						})
						taken <- number
					}
					failed <- err
				}()
			}
			for range writers {
				if err := <-failed; err != nil {
					t.Fatal(err)
				}
			}
			close(taken)
			var numbers []int64
			for number := range taken {
				numbers = append(numbers, number)
			}
			slices.Sort(numbers)
			for i, number := range numbers {
				if number != int64(i+1) {
					t.Fatalf("number %d was handed out in place of %d", number, i+1)
				}
			}
		})
	}
}
