package app

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/tenantry/tenantry/internal/document"
)

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Say which version this is",
		Long:    "Version prints the version of the program and its API, and what it was built with.",
		Example: "  tenantry version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			doc, err := document.Shared()
			if err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "tenantry %s (%s, %s/%s)\n", doc.Info.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}
