package main

import (
	"context"

	"pursuit/models"
	"pursuit/models/store"
)

// bootstrapped is what bootstrap prints.
type bootstrapped struct {
	ProgramID string `json:"program_id"`
	OrgID     string `json:"org_id"`
	UserID    string `json:"user_id"`
}

func (a *application) bootstrap(ctx context.Context, p firstProgram, hash string) (bootstrapped, error) {
	return store.In(ctx, a.store, func(tx *store.Tx) (bootstrapped, error) {
		program, err := tx.NewProgram(models.Program{ID: models.NewID(), Name: p.name, TimeZone: p.timeZone})
		if err != nil {
			return bootstrapped{}, err
		}
		org := models.Org{Program: program.No, ID: models.NewID(), Name: p.name, Kind: models.OrgLead}
		user := models.User{Program: program.No, ID: models.NewID(), OrgID: org.ID, Email: p.email, Name: "Admin",
			Role: models.RoleAdmin, PasswordHash: hash, Locale: "en", Active: true}
		if err := tx.InsertOrg(org); err != nil {
			return bootstrapped{}, err
		}
		return bootstrapped{program.ID, org.ID, user.ID}, tx.InsertUser(user)
	})
}

type accounts struct{ s *store.Store }

func (a accounts) CreateOrg(ctx context.Context, _ models.Actor, org models.Org) (models.Org, error) {
	return store.In(ctx, a.s, func(tx *store.Tx) (models.Org, error) {
		if err := tx.InsertOrg(org); err != nil {
			return org, err
		}
		return tx.Org(org.Program, org.ID)
	})
}

func (a accounts) CreateUser(ctx context.Context, _ models.Actor, user models.User) (models.User, error) {
	return store.In(ctx, a.s, func(tx *store.Tx) (models.User, error) {
		if err := tx.InsertUser(user); err != nil {
			return user, err
		}
		return tx.User(user.Program, user.ID)
	})
}

func (a accounts) UpdateUser(ctx context.Context, who models.Actor, id string, change func(*models.User) error) (models.User, error) {
	return store.In(ctx, a.s, func(tx *store.Tx) (models.User, error) {
		user, err := tx.User(who.Program, id)
		if err != nil {
			return user, err
		}
		if err := change(&user); err != nil {
			return user, err
		}
		if err := tx.UpdateUser(user); err != nil {
			return user, err
		}
		return tx.User(who.Program, id)
	})
}
