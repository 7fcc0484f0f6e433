package middleware

import (
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/errs"
)

// readQuery returns errs.ValidationFailed if a part of the query is malformed or it has more than
// 10,000 parameters. Later handlers can use echo.Context.QueryParams, which silently omits
// malformed parts.
func readQuery(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if raw := c.Request().URL.RawQuery; raw != "" {
			if _, err := url.ParseQuery(raw); err != nil {
				return errs.Invalid(errs.Field{
					Parameter: "query", Detail: "The query of the URL is malformed or has too many parameters.", Code: "syntax",
				}).Because(err)
			}
		}
		return next(c)
	}
}
