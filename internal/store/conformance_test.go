package store_test

import (
	"testing"

	"github.com/tenantry/tenantry/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Each(t, storetest.Run)
}
