package config

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestDevelopmentSecretIsMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	secrets := make([]string, 16)
	var group sync.WaitGroup
	for i := range secrets {
		group.Go(func() {
			secret, err := DevelopmentSecret(dir)
			if err != nil {
				t.Error(err)
			}
			secrets[i] = secret.Reveal()
		})
	}
	group.Wait()
	for _, secret := range secrets {
		if len(secret) != 43 || secret != secrets[0] {
			t.Fatal("want the same secret of 32 bytes in base64 for all")
		}
	}
	info, err := os.Stat(filepath.Join(dir, "secret.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("want mode 0600, got %v, %v", info, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("want secret.key alone, got %v, %v", entries, err)
	}
}

func TestSecretOfAFasterProcessStays(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret.key")
	var secrets [2]string
	for i := range secrets {
		if err := createSecret(path); err != nil {
			t.Fatal(err)
		}
		secret, err := readSecret(path)
		if err != nil {
			t.Fatal(err)
		}
		secrets[i] = secret.Reveal()
	}
	if secrets[0] != secrets[1] {
		t.Error("the second process replaced the secret of the first")
	}
}

func TestDevelopmentSecretRefusesTheFile(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, content, want string
		mode                os.FileMode
	}{
		{"open to the group", strings.Repeat("s", 43), "chmod 600", 0o640},
		{"open to others", strings.Repeat("s", 43), "chmod 600", 0o604},
		{"too short", "hunter2\n", "at least 32 bytes (it has 7)", 0o600},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "secret.key")
			if err := os.WriteFile(path, []byte(tc.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tc.mode); err != nil {
				t.Fatal(err)
			}
			_, err := DevelopmentSecret(dir)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), tc.content) {
				t.Errorf("error = %v, want one with %q and without the content", err, tc.want)
			}
		})
	}
}

func TestZeroSecretIsNotSet(t *testing.T) {
	t.Parallel()
	var zero Secret
	if zero.IsSet() || zero.Reveal() != "" || NewSecret("").IsSet() || !NewSecret("x").IsSet() {
		t.Error("only a value other than \"\" is set")
	}
}
