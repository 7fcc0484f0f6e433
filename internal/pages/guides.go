package pages

// repository is where the source of this program and its guides are.
const repository = "https://github.com/tenantry/tenantry"

// guide is a document in docs/ to which the landing page leads.
type guide struct{ file, Title string }

// Address is where the guide can be read.
func (g guide) Address() string { return repository + "/blob/main/docs/" + g.file }

// guides returns those that the landing page names, in the order in which people need them.
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
