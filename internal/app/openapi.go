package app

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tenantry/tenantry/gen/contract"
	"github.com/tenantry/tenantry/openapi"
)

func (p *program) openapiCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "openapi",
		Short:   "Print the OpenAPI document that this program implements",
		Long:    "Openapi prints the OpenAPI 3 document that this program implements, as YAML or JSON, for example to generate a client.",
		Example: "  tenantry openapi > openapi.yaml",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text := openapi.YAML
			if asJSON {
				text = contract.JSON
			}
			if _, err := p.stdout.Write(text); err != nil {
				return fmt.Errorf("print the document: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON instead of YAML")
	return cmd
}
