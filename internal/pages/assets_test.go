package pages

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// TestThirdPartyFilesAreTheReleasedOnes compares the checksums that update-pages.sh wrote.
func TestThirdPartyFilesAreTheReleasedOnes(t *testing.T) {
	t.Parallel()
	sums, err := os.Open("thirdparty/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	defer sums.Close()
	want := map[string]string{}
	for lines := bufio.NewScanner(sums); lines.Scan(); {
		sum, file, _ := strings.Cut(lines.Text(), "  ")
		want[file+".gz"] = sum
	}
	files, err := fs.ReadDir(thirdParty, "thirdparty")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		gzipped, err := thirdParty.ReadFile("thirdparty/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		content, err := decompress(gzipped)
		if err != nil {
			t.Fatalf("%s: %v", f.Name(), err)
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != want[f.Name()] {
			t.Errorf("%s has the checksum %x, want %s", f.Name(), sum, want[f.Name()])
		}
		delete(want, f.Name())
	}
	for file := range want {
		t.Errorf("%s is missing", file)
	}
}

func TestEveryAssetHasATypeAndLicencesAreAmongThem(t *testing.T) {
	t.Parallel()
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range a.files {
		if f.contentType == "" {
			t.Errorf("%s has no Content-Type", name)
		}
	}
	if _, err := a.address("nope.js"); err == nil {
		t.Error("a file that doesn't exist has an address")
	}
	licences, err := a.files[a.names["licences.txt"]].plain()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"swagger-ui-dist-5.35.0/LICENSE", "swagger-ui-dist-5.35.0/NOTICE", "Apache License", "redoc-2.5.4/LICENSE", "The MIT License"} {
		if !strings.Contains(string(licences), want) {
			t.Errorf("the licences don't name %s", want)
		}
	}
}
