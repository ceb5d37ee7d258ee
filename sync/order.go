package sync

// consentsFirst gives the places of mutations in the order in which they are run: that
// of the push, but that a transfer comes after the consents of the same push, which it
// may need. An app that writes tables one after the other sends them as it likes.
func consentsFirst(items []Item) []int {
	order, last := make([]int, 0, len(items)), -1
	for i := range items {
		if items[i].Table == "consents" {
			last = i
		}
	}
	var transfers []int
	for i := range items {
		if items[i].Table == "transfers" && i < last {
			transfers = append(transfers, i)
			continue
		}
		if order = append(order, i); i == last {
			order = append(order, transfers...)
		}
	}
	return order
}
