package main

import (
	"regexp"
	"slices"
	"strings"
)

// hidden stands in place of what may be a secret.
const hidden = "***"

// shownParameters are those of a database URL that hold no secret; the value of every
// other one is hidden, known or not.
var shownParameters = []string{"host", "port", "user", "dbname", "database", "sslmode", "sslrootcert", "sslcert", "sslkey", "passfile",
	"service", "servicefile", "application_name", "connect_timeout", "target_session_attrs", "search_path", "timezone",
	"default_query_exec_mode", "statement_cache_capacity", "pool_max_conns", "pool_min_conns", "pool_max_conn_lifetime", "pool_max_conn_idle_time"}

// hosts is what may stand between // and the path: hosts with ports, commas between.
var hosts = regexp.MustCompile(`^(([^:@,\s\[\]]*|\[[0-9A-Fa-f:.%]*\])(:[0-9]*)?(,|$))*$`)

// masked hides the secrets of an address: the password before the host and every
// parameter that is not known to hold none. An address that is none of the forms
// SCHEME://… may hold a secret anywhere and is hidden whole.
func masked(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	switch {
	case address == "":
		return ""
	case !ok || !slices.Contains([]string{"postgres", "postgresql", "sqlite", "http", "https"}, scheme):
		return hidden
	case scheme == "sqlite":
		file, _, more := strings.Cut(rest, "?")
		if more {
			file += "?" + hidden
		}
		return scheme + "://" + file
	}
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority = rest[:i]
	}
	rest = rest[len(authority):]
	user, place := "", authority
	if i := strings.LastIndex(authority, "@"); i >= 0 {
		user, place = authority[:i], authority[i+1:]
	}
	path, query, asked := strings.Cut(rest, "?")
	if !hosts.MatchString(place) || strings.ContainsAny(rest, "@#") { // a password with / ? or # in it, cut in two
		return hidden
	}
	if user != "" {
		place = maskedUser(user) + "@" + place
	}
	if asked {
		path += "?" + maskedQuery(query)
	}
	return scheme + "://" + place + path
}

func maskedUser(user string) string {
	if name, _, ok := strings.Cut(user, ":"); ok {
		return name + ":" + hidden
	}
	return user
}

func maskedQuery(query string) string {
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, _, ok := strings.Cut(part, "=")
		switch {
		case !ok && part != "":
			parts[i] = hidden
		case ok && !slices.Contains(shownParameters, name):
			parts[i] = name + "=" + hidden
		}
	}
	return strings.Join(parts, "&")
}
