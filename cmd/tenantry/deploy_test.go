package main_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// Each proxy checks its example configuration, with a certificate made by this test.
func TestProxiesAcceptTheirExamples(t *testing.T) {
	t.Parallel()
	storetest.RequireProgram(t, "openssl", "docs/deploy")
	dir := t.TempDir()
	key, certificate, both := filepath.Join(dir, "key"), filepath.Join(dir, "certificate"), filepath.Join(dir, "both")
	makeCertificate := exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
		"-subj", "/CN=api.example.com", "-keyout", key, "-out", certificate)
	if output, err := makeCertificate.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	writeFile(t, both, readFile(t, &installation{dir: dir}, "certificate")+readFile(t, &installation{dir: dir}, "key"))

	t.Run("nginx", func(t *testing.T) {
		t.Parallel()
		program := requireServerProgram(t, "nginx")
		text := strings.NewReplacer("/etc/ssl/api.example.com.pem", certificate, "/etc/ssl/api.example.com.key", key, "listen 443", "listen unix:"+dir+"/socket").
			Replace(readSource(t, "docs/deploy/nginx.conf"))
		path := filepath.Join(dir, "nginx.conf")
		writeFile(t, path, "pid "+dir+"/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n"+text+"}\n")
		if output, err := exec.Command(program, "-t", "-q", "-e", "stderr", "-c", path, "-p", dir).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, output)
		}
	})
	t.Run("haproxy", func(t *testing.T) {
		t.Parallel()
		program := requireServerProgram(t, "haproxy")
		path := filepath.Join(dir, "haproxy.cfg")
		writeFile(t, path, strings.ReplaceAll(readSource(t, "docs/deploy/haproxy.cfg"), "/etc/haproxy/api.example.com.pem", both))
		// -dW turns warnings into errors.
		if output, err := exec.Command(program, "-c", "-dW", "-f", path).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, output)
		}
	})
}

// requireServerProgram finds a program that Debian installs outside the PATH of most users.
func requireServerProgram(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath("/usr/sbin/" + name); err == nil {
		return path
	}
	storetest.RequireProgram(t, name, "docs/deploy")
	return name
}

// Proxies detect that an instance is about to stop before it stops.
func TestProxiesDetectAStopInTime(t *testing.T) {
	t.Parallel()
	check := regexp.MustCompile(`check inter (\d)s fall (\d)`).FindStringSubmatch(readSource(t, "docs/deploy/haproxy.cfg"))
	if check == nil {
		t.Fatal("the configuration of HAProxy has no health check")
	}
	if seconds := atoi(t, check[1]) * atoi(t, check[2]); seconds >= 5 {
		t.Errorf("HAProxy detects a stop after %d seconds, but an instance answers only for 5", seconds)
	}
}

func atoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// These types have the manifest fields that the example uses; other fields are errors.
type (
	labels    map[string]string
	selector  struct{ MatchLabels labels }
	reference struct{ Name string }
	probe     struct {
		HTTPGet                                         struct{ Path, Port string } `yaml:"httpGet"`
		PeriodSeconds, TimeoutSeconds, FailureThreshold int
	}
	podContainer struct {
		Name, Image string
		Args        []string
		EnvFrom     []struct{ ConfigMapRef, SecretRef reference }
		Ports       []struct {
			Name          string
			ContainerPort int
		}
		StartupProbe, ReadinessProbe, LivenessProbe probe
		Resources                                   map[string]labels
		SecurityContext                             struct {
			AllowPrivilegeEscalation, ReadOnlyRootFilesystem bool
			Capabilities                                     struct{ Drop []string }
		}
	}
	podSpec struct {
		AutomountServiceAccountToken, EnableServiceLinks *bool
		TerminationGracePeriodSeconds                    int
		SecurityContext                                  struct {
			RunAsNonRoot          bool
			RunAsUser, RunAsGroup int
			SeccompProfile        struct{ Type string }
		}
		TopologySpreadConstraints []struct {
			MaxSkew                        int
			TopologyKey, WhenUnsatisfiable string
			LabelSelector                  selector
		}
		InitContainers, Containers []podContainer
	}
	metadata struct {
		Name                string
		Labels, Annotations labels
	}
	manifest struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   metadata
		Data       labels
		Spec       struct {
			Replicas, MinAvailable int
			Selector               map[string]any
			Strategy               struct {
				Type          string
				RollingUpdate struct{ MaxSurge, MaxUnavailable int }
			}
			Template struct {
				Metadata metadata
				Spec     podSpec
			}
			Ports []struct {
				Name, TargetPort string
				Port             int
			}
		}
	}
)

func readManifests(t *testing.T) map[string]manifest {
	t.Helper()
	// The fields have Go's names, which begin in upper case; the YAML library expects them in lower
	// case.
	text := regexp.MustCompile(`(?m)([{ ,]|^)([a-z]+[A-Z]\w*):`).ReplaceAllStringFunc(readSource(t, "docs/deploy/kubernetes.yaml"), func(key string) string {
		if strings.Contains(key, "apiVersion") || strings.Contains(key, "httpGet") {
			return key
		}
		return strings.ToLower(key)
	})
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.KnownFields(true)
	all := map[string]manifest{}
	for {
		var m manifest
		err := decoder.Decode(&m)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all[m.Kind] = m
	}
}

func TestKubernetesManifestsMatchTheProgram(t *testing.T) {
	t.Parallel()
	all := readManifests(t)
	deployment, settings := all["Deployment"].Spec, all["ConfigMap"].Data
	pod := deployment.Template.Spec
	if len(pod.Containers) != 1 || len(pod.InitContainers) != 1 {
		t.Fatalf("%d containers and %d init containers, want one each", len(pod.Containers), len(pod.InitContainers))
	}
	server, migrations := pod.Containers[0], pod.InitContainers[0]

	// The settings are valid in production; test values replace the secrets that the commands
	// create.
	env := []string{}
	for name, value := range settings {
		env = append(env, name+"="+value)
	}
	for _, match := range regexp.MustCompile(`--from-(?:literal|file)=([A-Z_]+)=`).FindAllStringSubmatch(readSource(t, "docs/deploy/kubernetes.yaml"), -1) {
		value := secretKey
		if strings.HasSuffix(match[1], "DATABASE_URL") {
			value = "postgres://app@db/tenantry"
		} else if match[1] == "REDIS_URL" {
			value = "redis://redis:6379/0"
		}
		env = append(env, match[1]+"="+value)
	}
	cfg, err := config.Load(env, "")
	if err != nil || cfg.Environment != config.Production {
		t.Fatalf("environment %s, %v", cfg.Environment, err)
	}
	known := readSource(t, ".env.example")
	for _, entry := range env {
		if name, _, _ := strings.Cut(entry, "="); !regexp.MustCompile(`(?m)^#?` + name + `=`).MatchString(known) {
			t.Errorf("%s isn't a setting", name)
		}
	}

	if grace := int(cfg.ShutdownDelay.Seconds()) + 20; pod.TerminationGracePeriodSeconds < grace {
		t.Errorf("a pod gets %d seconds to stop, want at least %d", pod.TerminationGracePeriodSeconds, grace)
	}
	if notice := server.ReadinessProbe.PeriodSeconds * server.ReadinessProbe.FailureThreshold; notice >= int(cfg.ShutdownDelay.Seconds()) {
		t.Errorf("a stopping pod is detected after %d seconds, but answers only for %s", notice, cfg.ShutdownDelay)
	}
	if pod.EnableServiceLinks == nil || *pod.EnableServiceLinks {
		t.Error("service variables, such as REDIS_PORT, would be read as settings")
	}
	if deployment.Replicas < 2 || all["PodDisruptionBudget"].Spec.MinAvailable != 1 || deployment.Strategy.RollingUpdate.MaxUnavailable != 0 {
		t.Error("an update or a drained node could stop the last instance")
	}
	for _, c := range []podContainer{server, migrations} {
		if s := c.SecurityContext; s.AllowPrivilegeEscalation || !s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []string{"ALL"}) {
			t.Errorf("%s has more privileges than it needs: %+v", c.Name, s)
		}
	}
	if pod.SecurityContext.RunAsUser != 65532 || !strings.Contains(readSource(t, "Dockerfile"), "USER 65532:65532") {
		t.Error("the user isn't that of the image")
	}
	if !slices.Equal(migrations.Args, []string{"migrate", "up"}) || !slices.Equal(server.Args, []string{"serve"}) {
		t.Errorf("the containers run %v and %v", migrations.Args, server.Args)
	}
	for _, from := range server.EnvFrom {
		if from.SecretRef.Name == "tenantry-migrations" {
			t.Error("the server connects as the owner of the tables")
		}
	}

	ports := map[string]int{}
	for _, p := range server.Ports {
		ports[p.Name] = p.ContainerPort
	}
	want := map[string]int{"http": atoi(t, strings.TrimPrefix(cfg.HTTPAddr, ":")), "metrics": atoi(t, strings.TrimPrefix(cfg.MetricsAddr, ":"))}
	if !maps.Equal(ports, want) || all["Service"].Spec.Ports[0].TargetPort != "http" {
		t.Errorf("ports %v, want those of the settings, %v", ports, want)
	}
	document := readSource(t, "openapi/openapi.yaml")
	for _, p := range []probe{server.StartupProbe, server.ReadinessProbe, server.LivenessProbe} {
		if p.HTTPGet.Port != "http" || !strings.Contains(document, "\n  "+p.HTTPGet.Path+":\n") {
			t.Errorf("a probe requests %s at %s, which isn't an operation", p.HTTPGet.Path, p.HTTPGet.Port)
		}
	}
}
