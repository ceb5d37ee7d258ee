package auth

// ParseRefresh lets tests try texts as refresh tokens of a key.
func ParseRefresh(key []byte, text string) (again string, ok bool) {
	token, ok := parseRefresh(key, text)
	return token.text(key), ok
}

// RefreshText makes a refresh token for tests.
func RefreshText(key []byte, program int32, session string, generation int64) string {
	return refreshToken{program, session, generation}.text(key)
}

// How access tokens write a session's id.
var (
	Shortened  = shortened
	Lengthened = lengthened
)
