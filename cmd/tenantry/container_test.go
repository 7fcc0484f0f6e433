package main_test

import (
	"debug/elf"
	"go/version"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func readSource(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// The image is built from scratch, so it has no libraries and no dynamic loader.
func TestBinaryIsStatic(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the image is for Linux")
	}
	file, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, program := range file.Progs {
		if program.Type == elf.PT_INTERP || program.Type == elf.PT_DYNAMIC {
			t.Errorf("the binary has a segment %s, so it needs a loader", program.Type)
		}
	}
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	dockerfile := readSource(t, "Dockerfile")
	module := readSource(t, "go.mod")
	needed := "go" + regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(module)[1]
	stages := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(dockerfile, -1)
	if len(stages) != 2 || stages[1][1] != "scratch" {
		t.Fatalf("the stages are built from %q, want two, the last from scratch", stages)
	}
	compiler := strings.Replace(stages[0][1], "golang:", "go", 1)
	if version.Lang(compiler) != version.Lang(needed) || version.Compare(compiler, needed) < 0 || strings.Count(compiler, ".") != 2 {
		t.Errorf("the compiler is %s, want a release of %s, at least %s, as in go.mod", compiler, version.Lang(needed), needed)
	}
	if toolchain := regexp.MustCompile(`(?m)^toolchain (\S+)$`).FindStringSubmatch(module); toolchain != nil && toolchain[1] != compiler {
		t.Errorf("the compiler is %s, want %s, the toolchain of go.mod", compiler, toolchain[1])
	}
	final := dockerfile[strings.LastIndex(dockerfile, "\nFROM"):]
	for rule, pattern := range map[string]string{
		"built without cgo":            `(?m)^RUN CGO_ENABLED=0 go build `,
		"has CA certificates":          `(?m)^COPY --from=build /etc/ssl/certs/ca-certificates\.crt /etc/ssl/certs/$`,
		"runs without root":            `(?m)^USER [1-9]\d*:[1-9]\d*$`,
		"health check without a shell": `(?m)^HEALTHCHECK .*CMD \["/tenantry", "healthcheck"\]$`,
		"entry point without a shell":  `(?m)^ENTRYPOINT \["/tenantry"\]$`,
	} {
		text := final
		if strings.HasPrefix(rule, "built") {
			text = dockerfile
		}
		if !regexp.MustCompile(pattern).MatchString(text) {
			t.Errorf("%s: no line matches %s", rule, pattern)
		}
	}
	if regexp.MustCompile(`(?m)^(RUN|ADD|SHELL)\b`).MatchString(final) {
		t.Error("the final stage has a RUN line, but no shell")
	}
}

func TestComposeFileSetsKnownSettings(t *testing.T) {
	t.Parallel()
	var file struct {
		Services map[string]struct {
			Image       string
			Environment map[string]string
			ReadOnly    bool `yaml:"read_only"` //nolint:tagliatelle // as Compose spells it
			Healthcheck map[string]any
			DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"` //nolint:tagliatelle // as above
		}
	}
	if err := yaml.Unmarshal([]byte(readSource(t, "compose.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	settings := regexp.MustCompile(`(?m)^#?([A-Z][A-Z0-9_]*)=`).FindAllStringSubmatch(readSource(t, ".env.example"), -1)
	ours := file.Services["tenantry"]
	if len(ours.Environment) < 4 || !ours.ReadOnly {
		t.Errorf("unexpected service: %+v", ours)
	}
	for name := range ours.Environment {
		if !slices.ContainsFunc(settings, func(match []string) bool { return match[1] == name }) {
			t.Errorf("%s isn't a setting", name)
		}
	}
	for name, needed := range ours.DependsOn {
		if s, ok := file.Services[name]; !ok || s.Healthcheck == nil || needed.Condition != "service_healthy" || !strings.Contains(s.Image, ":") {
			t.Errorf("it depends on %s: %+v, want a pinned image with a health check", name, s)
		}
	}
}

func TestSystemdUnitIsHardened(t *testing.T) {
	t.Parallel()
	unit := readSource(t, "docs/tenantry.service")
	for _, line := range []string{
		"ExecStart=/usr/local/bin/tenantry serve", "KillSignal=SIGTERM", "RestartPreventExitStatus=2", "Restart=on-failure",
		"DynamicUser=yes", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes",
		"PrivateDevices=yes", "ProtectKernelTunables=yes", "ProtectKernelModules=yes", "ProtectControlGroups=yes", "MemoryDenyWriteExecute=yes",
		"RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "RestrictNamespaces=yes", "SystemCallFilter=@system-service", "UMask=0077",
	} {
		if !strings.Contains(unit, "\n"+line+"\n") {
			t.Errorf("the unit lacks %s", line)
		}
	}
	stop := regexp.MustCompile(`(?m)^TimeoutStopSec=(\d+)$`).FindStringSubmatch(unit)
	if stop == nil || stop[1] != "25" {
		t.Errorf("TimeoutStopSec %v, want 25: more than the 5 seconds of SHUTDOWN_DELAY and the 15 for running requests", stop)
	}
}
