//go:build !retired

package models

// MinSchema is the oldest schema that is served without `upgrade`.
const MinSchema = 1
