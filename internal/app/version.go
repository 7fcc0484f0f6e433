package app

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/tenantry/tenantry/gen/contract"
)

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Say which version this is",
		Long:    "Version prints the version of the program and its API, and what it was built with.",
		Example: "  tenantry version",
		Args:    cobra.NoArgs,
		Run: func(*cobra.Command, []string) {
			fmt.Fprintf(p.stdout, "tenantry %s (%s, %s/%s)\n", contract.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}
