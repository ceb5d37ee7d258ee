//go:build retired

package models

// MinSchema of the build in which tests meet a server that has retired schema 1.
const MinSchema = 2
