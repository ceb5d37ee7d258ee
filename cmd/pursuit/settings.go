package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/spf13/pflag"

	"pursuit/api/auth"
	"pursuit/models/store"
	"pursuit/push/fcm"
)

const (
	envPrefix     = "PURSUIT_"
	keyFileName   = "pursuit.key"
	keyFileMost   = 1 << 10          // bytes; a key has 65
	schedulerMost = 10 * time.Second // docs/protocol.md, section 3: scheduled work looks at least this often
)

// settings is everything that can be set, as text. A field with a flag tag is a
// flag of every command too.
type settings struct {
	DatabaseURL       string `env:"DATABASE_URL" envDefault:"sqlite://pursuit.db" flag:"database-url" usage:"postgres://… or sqlite://FILE"`
	Addr              string `env:"ADDR" envDefault:"127.0.0.1:8080" flag:"addr" usage:"address to listen on"`
	KeyFile           string `env:"KEY_FILE" flag:"key-file" usage:"file that seals the signing keys, the same for every instance (default: pursuit.key beside the SQLite file, else in this folder; made when absent)"`
	TrustedProxies    string `env:"TRUSTED_PROXIES" flag:"trusted-proxies" usage:"addresses or networks, with commas, whose X-Forwarded-For is believed"`
	LogFormat         string `env:"LOG_FORMAT" envDefault:"text" flag:"log-format" usage:"text or json"`
	LogLevel          string `env:"LOG_LEVEL" envDefault:"info" flag:"log-level" usage:"debug, info, warn or error"`
	FCMCredentials    string `env:"FCM_CREDENTIALS" flag:"fcm-credentials" usage:"service-account file for push messages (default: no push)"`
	FCMEndpoint       string `env:"FCM_ENDPOINT" flag:"fcm-endpoint" usage:"base address for push messages, without /v1 (default: Google's)"`
	SchedulerInterval string `env:"SCHEDULER_INTERVAL" envDefault:"10s" flag:"scheduler-interval" usage:"how often scheduled work is looked for, at most 10s"`
	Test              string `env:"TEST"`
	ClockOffset       string `env:"CLOCK_OFFSET"`
}

// readSettings reads the environment and binds the flags that win over it.
func readSettings(flags *pflag.FlagSet) (*settings, error) {
	var s settings
	if err := env.ParseWithOptions(&s, env.Options{Prefix: envPrefix}); err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	value := reflect.ValueOf(&s).Elem()
	for i := range value.NumField() {
		field := value.Type().Field(i)
		name := field.Tag.Get("flag")
		if name == "" {
			continue
		}
		target := value.Field(i).Addr().Interface().(*string)
		flags.StringVar(target, name, *target, field.Tag.Get("usage"))
		flags.Lookup(name).DefValue = field.Tag.Get("envDefault") // --help must not show what is set
	}
	return &s, nil
}

// unknownSettings names the variables that look like settings and are none: a
// misspelt one would otherwise be silently without effect.
func unknownSettings(environ []string) []string {
	known := map[string]bool{}
	fields := reflect.TypeFor[settings]()
	for i := range fields.NumField() {
		known[envPrefix+fields.Field(i).Tag.Get("env")] = true
	}
	var unknown []string
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, envPrefix) && !strings.HasPrefix(name, envPrefix+"TEST_") && !known[name] {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// config is settings that were found valid.
type config struct {
	databaseURL string
	addr        string
	keyFile     string
	trusted     []netip.Prefix
	logJSON     bool
	logLevel    slog.Level
	fcmFile     string
	fcmEndpoint string
	scheduler   time.Duration
	clockOffset time.Duration
}

// validate checks every setting, with the files that it names, and tells all faults at
// once. It connects to nothing and makes nothing.
func (s *settings) validate() (config, error) {
	c := config{databaseURL: s.DatabaseURL, addr: s.Addr, keyFile: s.keyFile(), fcmFile: s.FCMCredentials, fcmEndpoint: s.FCMEndpoint}
	var faults []error
	fault := func(name string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s%s %w", envPrefix, name, err))
		}
	}
	var err error
	fault("DATABASE_URL", store.CheckURL(s.DatabaseURL))
	fault("KEY_FILE", checkKeyFile(c.keyFile))
	fault("ADDR", checkAddress(s.Addr))
	c.trusted, err = readProxies(s.TrustedProxies)
	fault("TRUSTED_PROXIES", err)
	c.logJSON, err = oneOf(s.LogFormat, "json", "text")
	fault("LOG_FORMAT", err)
	if c.logLevel.UnmarshalText([]byte(s.LogLevel)) != nil {
		fault("LOG_LEVEL", errors.New("must be debug, info, warn or error"))
	}
	fault("FCM_CREDENTIALS", checkCredentials(s.FCMCredentials))
	fault("FCM_ENDPOINT", checkEndpoint(s.FCMEndpoint))
	c.scheduler, err = time.ParseDuration(s.SchedulerInterval)
	if err != nil || c.scheduler <= 0 || c.scheduler > schedulerMost {
		fault("SCHEDULER_INTERVAL", fmt.Errorf("must be a duration above 0 and at most %s", schedulerMost))
	}
	c.clockOffset, err = s.offset()
	fault("CLOCK_OFFSET", err)
	if s.Test != "" && s.Test != "1" && s.Test != "0" {
		fault("TEST", errors.New("must be 1 or 0"))
	}
	return c, errors.Join(faults...)
}

func (s *settings) keyFile() string {
	if s.KeyFile != "" {
		return s.KeyFile
	}
	if file, ok := strings.CutPrefix(s.DatabaseURL, "sqlite://"); ok {
		return filepath.Join(filepath.Dir(file), keyFileName)
	}
	return keyFileName
}

// offset reads the test clock, which no real server may have.
func (s *settings) offset() (time.Duration, error) {
	if s.ClockOffset == "" {
		return 0, nil
	}
	if s.Test != "1" {
		return 0, errors.New("is for tests: it needs PURSUIT_TEST=1")
	}
	offset, err := time.ParseDuration(s.ClockOffset)
	if err != nil {
		return 0, errors.New("must be a duration like 72h or -5m")
	}
	return offset, nil
}

func checkAddress(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return errors.New("must be HOST:PORT")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return errors.New("must end in a port number")
	}
	return nil
}

func readProxies(text string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if ip, err := netip.ParseAddr(part); err == nil {
			list = append(list, netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, errors.New("must be IP addresses or networks like 10.0.0.0/8, with commas between")
		}
		list = append(list, network.Masked())
	}
	return list, nil
}

func oneOf(text, yes, no string) (bool, error) {
	if text != yes && text != no {
		return false, fmt.Errorf("must be %s or %s", yes, no)
	}
	return text == yes, nil
}

// checkKeyFile wants a sealing key, or a place where one can be made.
func checkKeyFile(path string) error {
	found, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return store.CheckPlace(path)
	case err != nil:
		return errors.New("must name a readable file")
	case !found.Mode().IsRegular() || found.Size() > keyFileMost:
		return errors.New("must name a file of 64 hex digits")
	}
	if _, err := auth.LoadKeyFile(path); errors.Is(err, os.ErrPermission) {
		return errors.New("must name a readable file")
	} else if err != nil {
		return errors.New("must name a file of 64 hex digits")
	}
	return nil
}

func checkCredentials(path string) error {
	if path == "" {
		return nil
	}
	switch err := fcm.CheckCredentials(path); {
	case err == nil:
		return nil
	case errors.Is(err, fcm.ErrCredentials):
		return errors.New("must name a service account's key file: JSON with project_id, client_email, token_uri and an RSA private_key")
	}
	return errors.New("must name a readable file")
}

func checkEndpoint(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return errors.New("must be an http or https address")
	}
	if strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/v1") {
		return errors.New("must be given without /v1")
	}
	return nil
}
