package org

import (
	"context"
	"math"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

// topDown sorts rows so that each comes after its parent. Children of the same parent keep their
// order. A row whose parent isn't in rows is left out, with everything below it.
//
// Services prevent cycles, but a direct change of the database can make one. Then topDown removes
// the parent from one row of the cycle, and returns that row in cut: the first for which mayLead is
// true, or else the first of all.
func topDown[Row any](
	rows []Row, place func(*Row) (id uuid.UUID, parent **uuid.UUID), mayLead func(*Row) bool,
) (sorted []Row, cut []uuid.UUID) {
	sorted = fromTop(rows, place)
	if len(sorted) == len(rows) {
		return sorted, nil
	}
	if cut = cutCycles(rows, place, mayLead); len(cut) == 0 {
		return sorted, nil
	}
	return fromTop(rows, place), cut
}

// fromTop is topDown without repairing cycles: it leaves out cycles and everything below them.
func fromTop[Row any](rows []Row, place func(*Row) (uuid.UUID, **uuid.UUID)) []Row {
	below := map[uuid.UUID][]Row{}
	sorted := make([]Row, 0, len(rows))
	for i := range rows {
		if _, parent := place(&rows[i]); *parent != nil {
			below[**parent] = append(below[**parent], rows[i])
			continue
		}
		sorted = append(sorted, rows[i])
	}
	for i := 0; i < len(sorted); i++ {
		id, _ := place(&sorted[i])
		sorted = append(sorted, below[id]...)
	}
	return sorted
}

// cutCycles removes the parent from one row of each cycle, and returns the ids of these rows.
func cutCycles[Row any](rows []Row, place func(*Row) (uuid.UUID, **uuid.UUID), mayLead func(*Row) bool) []uuid.UUID {
	index := make(map[uuid.UUID]int, len(rows))
	for i := range rows {
		id, _ := place(&rows[i])
		index[id] = i
	}
	above := func(i int) (int, bool) {
		_, parent := place(&rows[i])
		if *parent == nil {
			return 0, false
		}
		j, found := index[**parent]
		return j, found
	}
	var cut []uuid.UUID
	seenFrom := make([]int, len(rows)) // the row, counted from 1, from which a row was first reached
	for start := range rows {
		i, found := start, true
		for found && seenFrom[i] == 0 {
			seenFrom[i] = start + 1
			i, found = above(i)
		}
		if !found || seenFrom[i] != start+1 {
			continue
		}
		leader := i
		for j, _ := above(i); j != i; j, _ = above(j) {
			better, worse := mayLead(&rows[j]), mayLead(&rows[leader])
			if better && !worse || better == worse && j < leader {
				leader = j
			}
		}
		id, parent := place(&rows[leader])
		*parent = nil
		cut = append(cut, id)
	}
	return cut
}

// Cycles returns the code of one department of each cycle in a tenant.
func Cycles(ctx context.Context, q db.Querier, tenantID uuid.UUID) ([]string, error) {
	departments, err := q.ListDepartmentNodes(ctx, db.ListDepartmentNodesParams{TenantID: tenantID, Limit: math.MaxInt32})
	if err != nil {
		return nil, err
	}
	codes := make(map[uuid.UUID]string, len(departments))
	for _, d := range departments {
		codes[d.ID] = d.Code
	}
	var found []string
	for _, id := range cutCycles(departments, nodePlace, func(*db.ListDepartmentNodesRow) bool { return true }) {
		found = append(found, codes[id])
	}
	return found, nil
}
