package pages

// repository is the address of this program's source and guides.
const repository = "https://github.com/tenantry/tenantry"

// guide is a document in docs/ that the landing page links to.
type guide struct{ file, Title string }

// Address returns the address of the guide.
func (g guide) Address() string { return repository + "/blob/main/docs/" + g.file }

// guides returns the guides of the landing page, in the order in which people need them.
func guides() []guide {
	return []guide{
		{"quickstart.md", "Quickstart: from nothing to a changed company in ten minutes"},
		{"frontend.md", "Build a front end"},
		{"integrators.md", "Call the API from another system"},
		{"go-client.md", "Use the client for Go"},
		{"operations.md", "Run it: deployment, backups, upgrades, monitoring"},
		{"configuration.md", "Settings"},
		{"security.md", "Security"},
		{"README.md", "All guides"},
	}
}
