package httpapi_test

import (
	"testing"

	"github.com/tenantry/tenantry/internal/apitest"
)

func TestMain(m *testing.M) { apitest.Main(m) }
