package config_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/config"
)

func pemOf(t *testing.T, keys ...any) string {
	t.Helper()
	var b strings.Builder
	for _, key := range keys {
		kind := "PUBLIC KEY"
		var der []byte
		var err error
		switch key.(type) {
		case ed25519.PublicKey, *rsa.PublicKey:
			der, err = x509.MarshalPKIXPublicKey(key)
		default:
			kind = "PRIVATE KEY"
			der, err = x509.MarshalPKCS8PrivateKey(key)
		}
		if err != nil {
			t.Fatal(err)
		}
		b.Write(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return b.String()
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestSigningKeyFile(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	old := rsaKey(t, 2048)
	pkcs1 := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(old)}))
	content := "A comment, as openssl writes it\n" + pemOf(t, private, old.Public()) + pkcs1 + pemOf(t, public)
	keys := load(t, "SIGNING_KEY_FILE="+file(t, content)).SigningKeys.Reveal()
	if len(keys) != 4 || !private.Equal(keys[0].(ed25519.PrivateKey)) || !old.PublicKey.Equal(keys[1]) || !old.Equal(keys[2].(*rsa.PrivateKey)) ||
		!public.Equal(keys[3].(ed25519.PublicKey)) {
		t.Errorf("%d keys, want the four of the file in its order", len(keys))
	}
}

func TestSigningKeyFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.Replace(pemOf(t, private), "MC4CAQAw", "MC4CAQAx", 1)
	for name, tc := range map[string]struct{ path, want string }{
		"missing":            {filepath.Join(t.TempDir(), "none"), "can be read"},
		"a folder":           {t.TempDir(), "can be read"},
		"empty":              {file(t, ""), "openssl genpkey"},
		"no PEM":             {file(t, "hunter2"), "openssl genpkey"},
		"public key first":   {file(t, pemOf(t, public, private)), "first key is a private one"},
		"elliptic curve":     {file(t, pemOf(t, ec)), "neither an Ed25519 nor an RSA key"},
		"short RSA":          {file(t, pemOf(t, private, rsaKey(t, 1024))), "block 2 is an RSA key of 1024 bits"},
		"encrypted":          {file(t, string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}))), "unencrypted"},
		"broken inside":      {file(t, broken), "block 1 can't be read"},
		"certificate inside": {file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}))), `is a "CERTIFICATE"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := faults(t, []string{"SIGNING_KEY_FILE=" + tc.path}, "")["SIGNING_KEY_FILE"]
			if !strings.Contains(got, tc.want) || strings.Contains(got, "hunter2") {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

// The first step to asymmetric keys: public keys verify, and SECRET_KEY still signs. In the second
// step SECRET_KEY is the previous key.
func TestSigningKeyFileOfPublicKeys(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	onlyPublic, signing := "SIGNING_KEY_FILE="+file(t, pemOf(t, public)), "SIGNING_KEY_FILE="+file(t, pemOf(t, private))
	if keys := load(t, onlyPublic).SigningKeys.Reveal(); len(keys) != 1 || !public.Equal(keys[0].(ed25519.PublicKey)) {
		t.Errorf("keys %v, want the public one", keys)
	}
	same := "SECRET_KEY_PREVIOUS=" + goodSecret
	if found := faults(t, outside(config.Production, same, onlyPublic), ""); found["SECRET_KEY_PREVIOUS"] == "" {
		t.Error("SECRET_KEY is the previous key although it signs")
	}
	load(t, outside(config.Production, same, signing)...)
}

func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"SECRET_KEY": goodSecret, "SECRET_KEY_PREVIOUS": goodSecret, "AUDIT_KEY": goodSecret, "DATABASE_URL": "postgres://u:p@h/d", "REDIS_URL": "redis://:p@h:1/0",
	} {
		for _, content := range []string{want + "\n", "\ufeff" + want + "\r\n", inUTF16(binary.LittleEndian, want+"\r\n")} {
			cfg := load(t, name+"_FILE="+file(t, content))
			got := map[string]config.Secret{
				"SECRET_KEY": cfg.SecretKey, "SECRET_KEY_PREVIOUS": cfg.SecretKeyPrevious, "AUDIT_KEY": cfg.AuditKey, "DATABASE_URL": cfg.DatabaseURL, "REDIS_URL": cfg.RedisURL,
			}[name].Reveal()
			if got != want {
				t.Errorf("%s_FILE gives %q, want %q", name, got, want)
			}
		}
		if found := faults(t, []string{name + "_FILE=" + file(t, want), name + "=" + want}, ""); found[name] == "" {
			t.Errorf("%s and %s_FILE are accepted together", name, name)
		}
		if found := faults(t, []string{name + "_FILE=" + t.TempDir()}, ""); found[name+"_FILE"] == "" {
			t.Errorf("%s_FILE accepts a folder", name)
		}
	}
	// The environment wins over the file .env, for both forms of the setting.
	cfg := load(t, "SECRET_KEY="+goodSecret)
	if cfg.SecretKey.Reveal() != goodSecret {
		t.Fatal("no secret")
	}
	path := dotenv(t, "SECRET_KEY=another-"+goodSecret)
	got, err := config.Load([]string{"SECRET_KEY_FILE=" + file(t, goodSecret)}, path)
	if err != nil || got.SecretKey.Reveal() != goodSecret {
		t.Errorf("the file .env wins over the environment's SECRET_KEY_FILE: %v", err)
	}
	if found := faults(t, outside(config.Production, "SECRET_KEY=", "SECRET_KEY_FILE="+file(t, "short")), ""); found["SECRET_KEY"] == "" {
		t.Error("a short secret in a file is accepted")
	}
}

func TestPreviousSecretKey(t *testing.T) {
	t.Parallel()
	if got := load(t, outside(config.Production, "SECRET_KEY_PREVIOUS="+strings.Repeat("changeme", 4))...); !got.SecretKeyPrevious.IsSet() {
		t.Error("a weak previous key is refused, so it can't be replaced")
	}
	for _, value := range []string{goodSecret, goodSecret[:31]} {
		if found := faults(t, outside(config.Production, "SECRET_KEY_PREVIOUS="+value), ""); found["SECRET_KEY_PREVIOUS"] == "" {
			t.Errorf("SECRET_KEY_PREVIOUS=%s is accepted", value)
		}
	}
}

func TestKeysOfTheAuditTrail(t *testing.T) {
	t.Parallel()
	if cfg := load(t, outside(config.Production)...); cfg.AuditKey.IsSet() || len(cfg.AuditKeyPrevious) != 0 {
		t.Error("the audit keys are set by default")
	}
	const weak = "changemechangemechangemechangeme" // a weak previous key is allowed, so that it can be replaced
	cfg := load(t, outside(config.Production, "AUDIT_KEY="+goodSecret, "AUDIT_KEY_PREVIOUS="+weak+" , another-"+goodSecret)...)
	if cfg.AuditKey.Reveal() != goodSecret || len(cfg.AuditKeyPrevious) != 2 || cfg.AuditKeyPrevious[0].Reveal() != weak || cfg.AuditKeyPrevious[1].Reveal() != "another-"+goodSecret {
		t.Error("the audit keys differ from the settings")
	}
	for name, value := range map[string]string{"short": goodSecret[:31], "well-known": weak, "guessable": strings.Repeat("ab", 32)} {
		if found := faults(t, outside(config.Production, "AUDIT_KEY="+value), ""); found["AUDIT_KEY"] == "" || strings.Contains(found["AUDIT_KEY"], value) {
			t.Errorf("%s: %q", name, found["AUDIT_KEY"])
		}
	}
	for _, value := range []string{"x", goodSecret + ",", goodSecret + "," + goodSecret[:31]} {
		if found := faults(t, outside(config.Production, "AUDIT_KEY_PREVIOUS="+value), ""); !strings.Contains(found["AUDIT_KEY_PREVIOUS"], "at least 32 bytes") {
			t.Errorf("%q: %q", value, found["AUDIT_KEY_PREVIOUS"])
		}
	}
}
