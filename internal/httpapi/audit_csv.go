package httpapi

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	unicodetext "github.com/tenantry/tenantry/internal/text"
)

// csvRows writes a header and an entry per row (RFC 4180). Every character of a value is kept. The
// writer of encoding/csv would change line ends within values.
type csvRows struct{ w *bufio.Writer }

func newCSVRows(w io.Writer) csvRows { return csvRows{bufio.NewWriter(w)} }

var csvHeader = []string{
	"id", "time", "tenant_id", "actor_id", "actor_email", "actor_role", "actor_is_superuser", "session_id",
	"action", "entity_type", "entity_id", "entity_label", "changes", "outcome", "reason",
	"ip", "user_agent", "request_id", "method", "path",
}

func (r csvRows) begin() error { return r.writeRow(csvHeader) }

func (r csvRows) write(e db.AuditEntry) error {
	at, err := toAPITime(e.OccurredAt).MarshalText()
	if err != nil {
		return err
	}
	return r.writeRow([]string{
		e.ID.String(), string(at), e.TenantID.String(), id(e.ActorID), text(e.ActorEmail), text(e.ActorRole),
		strconv.FormatBool(e.ActorIsSuperuser), id(e.SessionID), e.Action, text(e.EntityType), id(e.EntityID), text(e.EntityLabel),
		string(e.Changes), e.Outcome, text(e.Reason), e.IP, e.UserAgent, e.RequestID, e.Method, e.Path,
	})
}

func (r csvRows) writeRow(cells []string) error {
	for i, cell := range cells {
		if i > 0 {
			if err := r.w.WriteByte(','); err != nil {
				return err
			}
		}
		if _, err := r.w.WriteString(quoted(harmless(cell))); err != nil {
			return err
		}
	}
	_, err := r.w.WriteString("\r\n")
	return err
}

func (r csvRows) flush() error { return r.w.Flush() }

// quoted puts a cell into quotes if it needs them. Some spreadsheets separate cells by semicolons
// or tabs.
func quoted(cell string) string {
	if !strings.ContainsAny(cell, "\",;\t\r\n") && strings.TrimSpace(cell) == cell {
		return cell
	}
	return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
}

// harmless puts an apostrophe before a cell that a spreadsheet could take for a formula, or that
// could control a terminal. A cell that begins with an apostrophe gets another one: whoever removes
// one apostrophe from the beginning of each cell that has one gets the values back.
func harmless(cell string) string {
	if strings.HasPrefix(cell, "'") || isFormula(cell) || strings.ContainsFunc(cell, controlsTerminal) {
		return "'" + cell
	}
	return cell
}

// isFormula reports whether a cell begins with a line end, a tab or, after what can't be seen, with
// a character of a formula in any width (OWASP, CSV Injection).
func isFormula(cell string) bool {
	const signs = "=+-@" + "\uff1d\uff0b\uff0d\uff20" + "\ufe66\ufe62\ufe63\ufe6b" + "\u2212"
	first, _ := utf8.DecodeRuneInString(cell)
	visible, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(cell, isInvisible))
	return unicode.IsControl(first) || strings.ContainsRune(signs, visible)
}

func isInvisible(r rune) bool {
	return unicodetext.IsBlank(string(r)) || !unicode.IsGraphic(r) || unicode.Is(unicode.M, r)
}

func controlsTerminal(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\r\n", r) }

func id(v *uuid.UUID) string {
	if v == nil {
		return ""
	}
	return v.String()
}

func text(v *string) string {
	if v == nil {
		return ""
	}
	return *v
}
