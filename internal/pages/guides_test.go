package pages

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/contract"
)

func TestLandingLinksToGuidesAndTheClient(t *testing.T) {
	t.Parallel()
	p, err := New("Tenantry", contract.Version)
	if err != nil {
		t.Fatal(err)
	}
	page, err := p.Landing(Landing{})
	if err != nil {
		t.Fatal(err)
	}
	body := string(page.body)
	for _, g := range guides() {
		if _, err := os.Stat("../../docs/" + g.file); err != nil {
			t.Errorf("the landing page links to a guide that doesn't exist: %v", err)
		}
		if !strings.Contains(body, `<a href="https://github.com/tenantry/tenantry/blob/main/docs/`+g.file+`">`) {
			t.Errorf("the landing page has no link to %s", g.file)
		}
	}
	text, err := os.ReadFile("../../gen/typescript/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var client struct{ Version string }
	if err := json.Unmarshal(text, &client); err != nil {
		t.Fatal(err)
	}
	if want := "tenantry-client-" + client.Version + ".tgz"; !strings.Contains(body, want) {
		t.Errorf("the landing page doesn't name %s, which npm pack makes", want)
	}
}
