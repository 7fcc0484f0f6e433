package app

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/tenantry/tenantry/gen/contract"
)

// commit is the source commit of the program. The linker sets it in a release.
var commit = "not known"

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    "Version prints the version of the program and its API, the commit of a release, and what it was built with.",
		Example: "  tenantry version",
		Args:    cobra.NoArgs,
		Run: func(*cobra.Command, []string) {
			fmt.Fprintf(p.stdout, "tenantry %s (commit %s, %s, %s/%s)\n", contract.Version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}
