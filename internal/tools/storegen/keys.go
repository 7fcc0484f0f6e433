package main

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/schema"
)

// longestText is the assumed maximal size of a sort key of type text without a limit.
const longestText = "(200)"

// ends returns Go expressions for JSON values that come before and after all values of a column.
func ends(c schema.Column) (lowest, highest string, err error) {
	switch c.Type.Name {
	case "time": // the range of years that all engines support
		return "`\"1000-01-01T00:00:00Z\"`", "`\"9999-01-01T00:00:00Z\"`", nil
	case "date":
		return "`\"0001-01-01\"`", "`\"9999-12-31\"`", nil
	case "key", "text":
		return "`\"\"`", "highestText" + cmp.Or(c.Type.Args, longestText), nil
	case "int":
		return fmt.Sprintf("`%d`", math.MinInt64), fmt.Sprintf("`%d`", math.MaxInt64), nil
	case "float":
		return fmt.Sprintf("`%g`", -math.MaxFloat64), fmt.Sprintf("`%g`", math.MaxFloat64), nil
	case "decimal":
		var precision, scale int
		if _, err := fmt.Sscanf(c.Type.Args, "(%d, %d)", &precision, &scale); err != nil {
			return "", "", fmt.Errorf("parse the digits of the column %s: %w", c.Name, err)
		}
		highest := "0" + strings.Repeat("9", precision-scale)
		if precision > scale {
			highest = highest[1:]
		}
		if scale > 0 {
			highest += "." + strings.Repeat("9", scale)
		}
		return "`\"-" + highest + "\"`", "`\"" + highest + "\"`", nil
	default:
		return "", "", fmt.Errorf("storegen can't sort by the column %s of the type %s", c.Name, c.Type)
	}
}
