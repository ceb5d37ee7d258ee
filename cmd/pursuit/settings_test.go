package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pursuit/push/fcmtest"
)

// Every fault is told at once, by the setting's name and without its value.
func TestFaultySettings(t *testing.T) {
	alone(t)
	const value = "zzSecretValuezz"
	names := []string{"DATABASE_URL", "KEY_FILE", "ADDR", "TRUSTED_PROXIES", "LOG_FORMAT", "LOG_LEVEL", "FCM_CREDENTIALS",
		"FCM_ENDPOINT", "SCHEDULER_INTERVAL", "CLOCK_OFFSET", "TEST"}
	for _, name := range names {
		t.Setenv(envPrefix+name, value)
	}
	t.Setenv(envPrefix+"KEY_FILE", filepath.Dir(t.TempDir()))
	_, stderr := command(t, 1, "serve")
	for _, name := range names {
		if !strings.Contains(stderr, envPrefix+name+" ") {
			t.Errorf("a fault of %s is not told", name)
		}
	}
	if strings.Contains(stderr, value) {
		t.Errorf("a value is told:\n%s", stderr)
	}
}

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		name, value string
		good        bool
	}{
		{"DATABASE_URL", "sqlite://pursuit.db", true}, {"DATABASE_URL", "sqlite:///var/lib/pursuit/pursuit.db", true},
		{"DATABASE_URL", "postgres://u:p@host/db?sslmode=disable", true}, {"DATABASE_URL", "postgresql:///db?host=/run/postgresql", true},
		{"DATABASE_URL", "sqlite://", false}, {"DATABASE_URL", "mysql://host/db", false}, {"DATABASE_URL", "pursuit.db", false},
		{"ADDR", "0.0.0.0:80", true}, {"ADDR", "[::1]:8080", true}, {"ADDR", ":8080", true}, {"ADDR", "8080", false}, {"ADDR", "h:99999", false},
		{"TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1,2001:db8::/32", true}, {"TRUSTED_PROXIES", "10.0.0.0/33", false}, {"TRUSTED_PROXIES", "proxy", false},
		{"LOG_FORMAT", "json", true}, {"LOG_LEVEL", "debug", true}, {"LOG_LEVEL", "loud", false},
		{"FCM_CREDENTIALS", "/nowhere/at/all", false}, {"FCM_ENDPOINT", "http://127.0.0.1:9", true}, {"FCM_ENDPOINT", "http://127.0.0.1:9/v1", false},
		{"SCHEDULER_INTERVAL", "1s", true}, {"SCHEDULER_INTERVAL", "11s", false}, {"SCHEDULER_INTERVAL", "0s", false},
		{"CLOCK_OFFSET", "1h", false}, {"TEST", "yes", false}, {"TEST", "1", true},
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			alone(t)
			t.Setenv(envPrefix+c.name, c.value)
			want := 1
			if c.good {
				want = 0
			}
			command(t, want, "config")
		})
	}
}

// What the settings name is looked at too: all faults are told at once, by config and
// by the server, which then does not start and has made nothing.
func TestFaultyFilesAreTold(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	t.Chdir(dir)
	files := map[string]string{"text": "zzSecretValuezz", "braces": "{}", "nokey": `{"type":"service_account","project_id":"p","client_email":"a@p.example",
		"token_uri":"http://127.0.0.1:9","private_key":"nope"}`, "short.key": strings.Repeat("a", 62), "none.key": ""}
	for name, content := range files {
		must(t, os.WriteFile(name, []byte(content), 0o600))
	}
	for _, c := range []struct{ credentials, key, database string }{
		{"text", "text", "postgres://u:zzSecretValuezz@h:99999/db"}, {"braces", "short.key", "postgres://u:zzSecretValuezz@h/db?sslmode=bogus"},
		{"nokey", "none.key", "sqlite://text"}, {".", ".", "sqlite://."}, {"absent", "text/the.key", "sqlite://text/db"}, {"", "/dev/zero", "sqlite:///dev/zero"}, {"/dev/zero", "text", "x"},
	} {
		t.Setenv(envPrefix+"FCM_CREDENTIALS", c.credentials)
		t.Setenv(envPrefix+"KEY_FILE", c.key)
		t.Setenv(envPrefix+"DATABASE_URL", c.database)
		_, config := command(t, 1, "config")
		_, serve := command(t, 1, "serve")
		if config != serve {
			t.Errorf("config tells\n%sserve tells\n%s", config, serve)
		}
		for _, name := range []string{"FCM_CREDENTIALS", "KEY_FILE", "DATABASE_URL"} {
			if told := strings.Contains(config, envPrefix+name+" must"); told != (c.credentials != "" || name != "FCM_CREDENTIALS") {
				t.Errorf("%+v: a fault of %s is told: %t\n%s", c, name, told, config)
			}
		}
		if strings.Contains(config, "zzSecretValuezz") {
			t.Errorf("%+v: a secret is told:\n%s", c, config)
		}
	}
	left, err := os.ReadDir(".")
	must(t, err)
	if len(left) != len(files) {
		t.Errorf("%d files stand there, want %d", len(left), len(files))
	}
}

// Files as they should be are taken.
func TestGoodFilesAreTaken(t *testing.T) {
	alone(t)
	dir := t.TempDir()
	server := fcmtest.New()
	defer server.Close()
	credentials, err := server.WriteCredentials(dir)
	must(t, err)
	key := filepath.Join(dir, "the.key")
	must(t, os.WriteFile(key, []byte(strings.Repeat("0f", 32)+"\n"), 0o600))
	args := []string{"config", "--fcm-credentials=" + credentials, "--key-file=" + key, "--database-url=sqlite://" + filepath.Join(dir, "new", "db")}
	command(t, 0, args...)
	must(t, os.Chmod(key, 0)) // root may read it still
	if _, err := os.ReadFile(key); err != nil {
		command(t, 1, args...)
	}
}

// The clock can be shifted in tests only.
func TestClockOffsetIsForTests(t *testing.T) {
	alone(t)
	t.Setenv(envPrefix+"CLOCK_OFFSET", "-72h")
	_, stderr := command(t, 1, "config")
	if !strings.Contains(stderr, "PURSUIT_TEST=1") {
		t.Errorf("answered %s", stderr)
	}
	t.Setenv(envPrefix+"TEST", "1")
	command(t, 0, "config")
}

// Flags win over the environment, which wins over what holds without either.
func TestConfigShowsWhatHolds(t *testing.T) {
	alone(t)
	out, _ := command(t, 0, "config")
	for _, line := range []string{"PURSUIT_DATABASE_URL=sqlite://pursuit.db", "PURSUIT_ADDR=127.0.0.1:8080", "PURSUIT_KEY_FILE=pursuit.key"} {
		if !strings.Contains(out, line+"\n") {
			t.Errorf("without settings, %s is missing from\n%s", line, out)
		}
	}
	t.Setenv(envPrefix+"ADDR", "127.0.0.1:1")
	t.Setenv(envPrefix+"DATABASE_URL", "sqlite:///srv/data/x.db")
	out, _ = command(t, 0, "config", "--addr=127.0.0.1:2")
	for _, line := range []string{"PURSUIT_ADDR=127.0.0.1:2", "PURSUIT_KEY_FILE=/srv/data/pursuit.key"} {
		if !strings.Contains(out, line+"\n") {
			t.Errorf("%s is missing from\n%s", line, out)
		}
	}
}

// No secret is shown, by config or by --help.
func TestSecretsAreMasked(t *testing.T) {
	alone(t)
	for _, address := range []string{"postgres://user:hunter2@db.example/p?sslmode=disable", "postgres://db.example/p?user=u&password=hunter2",
		"postgres://user:hunter2%2@db.example", "user=u password=hunter2 host=h", "host=h password='hunter2'", "postgres:u:hunter2@h/p",
		"//u:hunter2@h/p", "u:hunter2@h/p", "mysql://u:hunter2@h/p", "postgres://u:hunter2", "postgres://u:1/hunter2@h/p", "postgres://u:1?hunter2@h/p",
		"postgres://u:1#hunter2@h/p", "postgres://u:a:hunter2@h/p", "postgres://u:a@hunter2@h/p", "postgres://h/p?pass%77ord=hunter2",
		"postgres://h/p?PASSWORD=hunter2", "postgres://h/p?options=-c%20x.key=hunter2", "postgres://h/p?hunter2", "sqlite://db?key=hunter2"} {
		t.Setenv(envPrefix+"DATABASE_URL", address)
		for _, args := range [][]string{{"config"}, {"config", "--database-url=" + address}, {"serve", "--help"}} {
			var out, errs strings.Builder
			run(t.Context(), args, &out, &errs)
			if strings.Contains(out.String()+errs.String(), "hunter2") {
				t.Errorf("%v shows the password of %s", args, address)
			}
		}
	}
	for address, want := range map[string]string{
		"": "", "sqlite:///srv/a b@c.db": "sqlite:///srv/a b@c.db", "user=u password=hunter2": "***",
		"postgres://user:hunter2@db.example/p?sslmode=disable":   "postgres://user:***@db.example/p?sslmode=disable",
		"postgres://user@h1:5432,h2:5433/p?x=1&pool_max_conns=9": "postgres://user@h1:5432,h2:5433/p?x=***&pool_max_conns=9",
		"postgresql://u:p@[::1]:5432/p":                          "postgresql://u:***@[::1]:5432/p",
		"postgresql:///p?host=/run/postgresql&sslpassword=q":     "postgresql:///p?host=/run/postgresql&sslpassword=***",
		"https://u:p@push.example/x?key=q":                       "https://u:***@push.example/x?key=***",
	} {
		if got := masked(address); got != want {
			t.Errorf("%s is masked as %s, want %s", address, got, want)
		}
	}
	t.Setenv(envPrefix+"FCM_ENDPOINT", "https://u:hunter2@push.example?key=hunter2")
	out, _ := command(t, 1, "config", "--database-url=sqlite://db?key=x") // the endpoint alone is good
	if strings.Contains(out, "hunter2") || !strings.Contains(out, "push.example") {
		t.Errorf("config shows\n%s", out)
	}
}

// An unreachable database is told without its password.
func TestUnreachableDatabase(t *testing.T) {
	alone(t)
	_, stderr := command(t, 1, "migrate", "--database-url=postgres://user:hunter2@127.0.0.1:1/db")
	if strings.Contains(stderr, "hunter2") || !strings.Contains(stderr, "database") {
		t.Errorf("answered %s", stderr)
	}
}

func TestMisspeltSettingsAreTold(t *testing.T) {
	got := unknownSettings([]string{"PATH=/bin", "PURSUIT_ADR=x", "PURSUIT_ADDR=x", "PURSUIT_TEST=1", "PURSUIT_TEST_POSTGRES_URL=x"})
	if len(got) != 1 || got[0] != "PURSUIT_ADR" {
		t.Errorf("told are %v", got)
	}
	alone(t)
	t.Setenv("PURSUIT_ADR", "x")
	if _, stderr := command(t, 0, "config"); !strings.Contains(stderr, "PURSUIT_ADR") {
		t.Errorf("config tells %q", stderr)
	}
}

func TestBootstrapTellsAllFaultsAtOnce(t *testing.T) {
	alone(t)
	short := filepath.Join(t.TempDir(), "short")
	must(t, os.WriteFile(short, []byte("short\n"), 0o600))
	_, stderr := command(t, 1, "bootstrap", "--time-zone=Mars", "--admin-email=nobody", "--admin-password-file="+short, "--addr=x")
	for _, flag := range []string{"PURSUIT_ADDR", "--program", "--time-zone", "--admin-email", "--admin-password-file"} {
		if !strings.Contains(stderr, flag) {
			t.Errorf("the fault of %s is not told:\n%s", flag, stderr)
		}
	}
	if _, err := os.Stat("pursuit.db"); err == nil {
		t.Error("a database was made before the faults were told")
	}
}

// In a container, whose user may not read the operator's files, the password is piped in.
func TestBootstrapReadsThePasswordFromStandardInput(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		bootstrap := func(code int, text string) string {
			t.Helper()
			stdin := filepath.Join(t.TempDir(), "stdin")
			must(t, os.WriteFile(stdin, []byte(text), 0o600))
			file, err := os.Open(stdin)
			must(t, err)
			defer file.Close()
			before := os.Stdin
			os.Stdin = file
			defer func() { os.Stdin = before }()
			_, stderr := s.command(code, "bootstrap", "--program=Piped", "--time-zone=America/Los_Angeles", "--admin-email=piped@example.org",
				"--admin-password-file=-")
			return stderr
		}
		if stderr := bootstrap(1, ""); !strings.Contains(stderr, "--admin-password-file: the password") {
			t.Errorf("an empty standard input is answered %s", stderr)
		}
		bootstrap(0, "piped through and through\r\n")
		url, stop, _ := s.serve()
		defer stop()
		status, _ := post(t, url+"/v1/auth/login", map[string]any{"email": "piped@example.org", "password": "piped through and through"})
		if status != 200 {
			t.Errorf("a sign-in with the piped password is answered %d", status)
		}
	})
}

// A name that could not be sent as JSON, or not be shown in a line, makes no program,
// on either database alike.
func TestBootstrapRefusesNames(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		for name, want := range map[string]string{"a\xff": "UTF-8", "two\nlines": "control characters", strings.Repeat("é", 501): "500 characters", " ": "blank"} {
			_, stderr := s.command(1, "bootstrap", "--program="+name, "--time-zone=America/Los_Angeles", "--admin-email=a@example.org",
				"--admin-password-file="+filepath.Join(s.dir, "password"))
			if !strings.Contains(stderr, "--program must") || !strings.Contains(stderr, want) {
				t.Errorf("%.20q is answered %s", name, stderr)
			}
		}
		s.command(0, "bootstrap", "--program="+strings.Repeat("é", 500), "--time-zone=America/Los_Angeles", "--admin-email= a@example.org ",
			"--admin-password-file="+filepath.Join(s.dir, "password"))
	})
}

func TestUnknownCommands(t *testing.T) {
	alone(t)
	command(t, 1, "sevre")
	command(t, 1, "serve", "--adr=x")
	command(t, 1, "serve", "surplus")
	for _, args := range [][]string{{}, {"keys"}, {"keys", "rotat"}, {"audit"}, {"audit", "verfy"}, {"import"}, {"import", "people"},
		{"reminders", "explian"}, {"completion"}, {"completion", "tcsh"}, {"help", "sevre"}} {
		if out, stderr := command(t, 1, args...); out != "" || !strings.Contains(stderr, "pursuit") {
			t.Errorf("%v is answered %q, %q", args, out, stderr)
		}
	}
	if _, stderr := command(t, 1, "keys", "rotat"); !strings.Contains(stderr, "rotate") {
		t.Errorf("what there is instead is not told: %s", stderr)
	}
	command(t, 0, "keys", "--help")
	command(t, 0, "help", "keys", "rotate")
	out, _ := command(t, 0, "--help")
	for _, name := range []string{"serve", "migrate", "bootstrap", "config", "keys"} {
		if !strings.Contains(out, "\n  "+name) {
			t.Errorf("--help does not tell of %s", name)
		}
	}
}
