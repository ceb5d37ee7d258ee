package store

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	sqliteMagic = "SQLite format 3\x00" // the first bytes of every file that holds a database
	foldersMost = 64                    // looked at above a file that is yet to be made
)

var (
	urlPorts   = regexp.MustCompile(`:([0-9]+)(?:[,/?#]|$)`)
	urlSSLMode = regexp.MustCompile(`[?&]sslmode=(?:disable|allow|prefer|require|verify-ca|verify-full)?(?:&|$)`)
)

// CheckURL tells whether Open can make sense of a database URL: the driver reads it with
// the files that it names, and what stands where a SQLite file is to be is one. It
// connects to nothing and makes nothing. The error says what is allowed and repeats
// nothing of the URL.
func CheckURL(text string) error {
	if file, ok := strings.CutPrefix(text, "sqlite://"); ok {
		return checkSQLite(file)
	}
	scheme, rest, _ := strings.Cut(text, "://")
	if scheme != "postgres" && scheme != "postgresql" {
		return errors.New("must be postgres://… or sqlite://FILE")
	}
	if _, err := pgxpool.ParseConfig(text); err == nil {
		return nil
	}
	authority := rest[:strings.IndexAny(rest+"/", "/?#")]
	for _, port := range urlPorts.FindAllStringSubmatch(authority[strings.LastIndex(authority, "@")+1:], -1) {
		if n, err := strconv.Atoi(port[1]); err != nil || n < 1 || n > 65535 {
			return errors.New("must have a port from 1 to 65535")
		}
	}
	if strings.Contains(rest, "sslmode=") && !urlSSLMode.MatchString(rest) {
		return errors.New("must have an sslmode of disable, allow, prefer, require, verify-ca or verify-full")
	}
	return errors.New("cannot be read by the driver: percent signs in the password must be %25, and the parameters, the PG… variables and the files they name must be right")
}

func checkSQLite(file string) error {
	if file == "" || file == ":memory:" || strings.ContainsAny(file, "?#\x00") {
		return errors.New("must name a file after sqlite://, without ? and #")
	}
	found, err := os.Stat(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return CheckPlace(file)
	case err != nil:
		return errors.New("must name a file that can be read")
	case !found.Mode().IsRegular():
		return errors.New("must name a file, not a folder")
	}
	content, err := os.Open(file)
	if err != nil {
		return errors.New("must name a file that can be read")
	}
	defer content.Close()
	head := make([]byte, len(sqliteMagic))
	n, err := io.ReadFull(content, head)
	if n > 0 && (err != nil || string(head) != sqliteMagic) { // an empty file becomes a database
		return errors.New("must name a file that is a SQLite database, or none yet")
	}
	return nil
}

// CheckPlace tells whether a file that is not there could be made with its folders: what
// is above it, as far as it exists, is a folder.
func CheckPlace(file string) error {
	dir := filepath.Dir(file)
	for range foldersMost {
		found, err := os.Stat(dir)
		if err == nil && found.IsDir() {
			return nil
		}
		if err == nil || !errors.Is(err, os.ErrNotExist) || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	return errors.New("must name a file in a folder that exists or can be made")
}
