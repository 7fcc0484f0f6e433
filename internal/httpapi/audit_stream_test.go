package httpapi

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/middleware"
	"github.com/tenantry/tenantry/internal/problem"
)

type nextFunc = func(context.Context) ([]db.AuditEntry, error)

func someEntries(n int) []db.AuditEntry {
	return slices.Repeat([]db.AuditEntry{{Action: "test.entry", Changes: []byte(`{}`), Path: strings.Repeat("x", 500)}}, n)
}

// streamServer serves the batches that next returns, behind the application's middleware. The
// channel receives the error of each stream.
func streamServer(t *testing.T, log io.Writer, next nextFunc, change ...func(*http.Server)) (*httptest.Server, <-chan error) {
	t.Helper()
	ended := make(chan error, 1)
	e := echo.New()
	middleware.Stack{
		Metrics: middleware.NewMetrics(),
		Log:     slog.New(slog.NewJSONHandler(log, nil)), Now: time.Now, NewID: uuid.New, RequestTimeout: time.Hour,
	}.Install(e)
	e.GET("/", func(c echo.Context) error {
		err := streamAuditEntries(c.Request().Context(), c.Response(), newJSONLines(c.Response()), someEntries(1), next)
		ended <- err
		return err
	})
	server := httptest.NewUnstartedServer(e)
	for _, f := range change {
		f(server.Config)
	}
	server.Start()
	t.Cleanup(server.Close)
	return server, ended
}

func get(t *testing.T, server *httptest.Server) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestStreamEndsWhenTheClientGoesAway(t *testing.T) {
	t.Parallel()
	endless := func(ctx context.Context) ([]db.AuditEntry, error) { return someEntries(500), ctx.Err() }
	var log strings.Builder
	server, ended := streamServer(t, &log, endless)
	response := get(t, server)
	if _, err := bufio.NewReader(response.Body).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the stream ended with %v, want context.Canceled", err)
	}
	server.Close() // waits until the request is logged
	if !strings.Contains(log.String(), `"cut_off":true`) || strings.Contains(log.String(), "ERROR") {
		t.Errorf("log: %s", log.String())
	}
}

func TestStreamReadsNoFasterThanTheClient(t *testing.T) {
	t.Parallel()
	reader, writer := io.Pipe()
	w := pipeReply{PipeWriter: writer}
	var mu sync.Mutex
	batches := 0
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return batches
	}
	ended := make(chan error, 1)
	go func() {
		ended <- streamAuditEntries(t.Context(), w, newJSONLines(w), someEntries(10), func(context.Context) ([]db.AuditEntry, error) {
			mu.Lock()
			defer mu.Unlock()
			batches++
			return someEntries(10), nil
		})
	}()
	lines := bufio.NewReaderSize(reader, 1)
	for line := range 100 {
		if _, err := lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if ahead := count() - line/10; ahead > 1 {
			t.Fatalf("after %d lines of 10 a batch, %d batches are read ahead", line+1, ahead)
		}
	}
	_ = reader.Close()
	if err := <-ended; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the stream ended with %v, want the error of the reply", err)
	}
}

// pipeReply is a reply whose writes block until the reader reads.
type pipeReply struct{ *io.PipeWriter }

func (pipeReply) Header() http.Header              { return http.Header{} }
func (pipeReply) WriteHeader(int)                  {}
func (pipeReply) Flush()                           {}
func (pipeReply) SetWriteDeadline(time.Time) error { return nil }

func TestFailureDuringAStreamIsSeenByTheClient(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	server, ended := streamServer(t, &log, func(context.Context) ([]db.AuditEntry, error) { return nil, errors.New("the disk is full") })
	response := get(t, server)
	body, err := io.ReadAll(response.Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("status %d, %d bytes, and then error %v; want an unexpected end", response.StatusCode, len(body), err)
	}
	<-ended
	server.Close()
	if !strings.Contains(log.String(), `"level":"ERROR"`) || !strings.Contains(log.String(), "the disk is full") {
		t.Errorf("log: %s", log.String())
	}
}

func TestStreamMayExceedTheWriteTimeout(t *testing.T) {
	t.Parallel()
	const limit = 30 * time.Millisecond
	left := 3
	server, ended := streamServer(t, io.Discard, func(context.Context) ([]db.AuditEntry, error) {
		<-time.After(2 * limit) // the time-out is one of the network, so real time has to pass
		left--
		return someEntries(left), nil
	}, func(s *http.Server) { s.WriteTimeout, s.ReadTimeout = limit, limit })
	body, err := io.ReadAll(get(t, server).Body)
	if lines := strings.Count(string(body), "\n"); err != nil || lines != 1+2+1 {
		t.Errorf("%d lines, %v; want 4", lines, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestCSVHasNoFormulas(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	rows := newCSVRows(&out)
	dangerous := []string{
		"=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", `=HYPERLINK("https://evil.example.com";"x")`, "\n=1", " =1", "\u00a0=1", "\u200b=1", "\u2060\u202e=1", "\u3164=1",
		"\u0301=1", "\ufeff=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201", "\u22121", "\x1b[2J", "a\x1b[2J", "a\x07", "a\u009b2J", "'=1", "'",
	}
	cells := append(slices.Clone(dangerous), "plain", "a=b", "", " ", "a\tb", "a\rb", "a\n=b", "\U0001f9ed", "\u200b")
	for _, cell := range cells {
		if err := rows.write(db.AuditEntry{EntityLabel: &cell, UserAgent: cell, ActorEmail: &cell, Path: cell, RequestID: cell}); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.flush(); err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || len(all) != len(cells) {
		t.Fatalf("%d rows, %v", len(all), err)
	}
	for i, row := range all {
		if len(row) != len(csvHeader) {
			t.Errorf("%d cells, %d in the header", len(row), len(csvHeader))
		}
		for _, column := range []string{"entity_label", "user_agent", "actor_email", "path", "request_id"} {
			want := cells[i]
			if i < len(dangerous) {
				want = "'" + want
			}
			if got := row[slices.Index(csvHeader, column)]; want != got {
				t.Errorf("%s: %q became %q", column, cells[i], got)
			}
		}
	}
}

// A long verification checks the session during its work and at its end.
func TestLongStepsNeedTheRight(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		steps int
		pause time.Duration // for each
		want  int           // steps
	}{
		"after the last step": {steps: 1, want: 1},
		"between steps":       {steps: 1000, pause: confirmEvery / 2, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sessionEnded := errs.New(errs.SessionEnded, "Ended.")
				ctx := access.WithRequest(t.Context(), &access.Request{Confirm: func(context.Context) error { return sessionEnded }})
				_, w := io.Pipe()
				n := 0
				err := keepAlive(ctx, pipeReply{w}, time.Hour, func(context.Context) (bool, error) {
					time.Sleep(test.pause)
					n++
					return n == test.steps, nil
				})
				if !errors.Is(err, sessionEnded) || n != test.want {
					t.Errorf("%d steps, %v; want %d, and the end of the session", n, err, test.want)
				}
			})
		})
	}
}

// A verification sends spaces while it works. A failure before the first space is answered with a
// problem. A later failure cuts the connection.
func TestLongStepsKeepTheConnectionAlive(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		every  time.Duration
		failAt int
		status int
		body   string
		cut    bool
	}{
		"spaces":                {0, -1, 200, "  done", false},
		"no space":              {time.Hour, -1, 200, "done", false},
		"failure at once":       {0, 0, 503, "", false},
		"failure, no space":     {time.Hour, 2, 503, "", false},
		"failure after a space": {0, 2, 200, "  ", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := echo.New()
			e.HTTPErrorHandler = problem.Handle
			middleware.Stack{Metrics: middleware.NewMetrics(), Log: slog.New(slog.DiscardHandler), Now: time.Now, NewID: uuid.New, RequestTimeout: time.Hour}.Install(e)
			e.GET("/", func(c echo.Context) error {
				n := 0
				err := keepAlive(c.Request().Context(), c.Response(), test.every, func(ctx context.Context) (bool, error) {
					if _, limited := ctx.Deadline(); !limited {
						t.Error("a step has no time limit")
					}
					if n == test.failAt {
						return false, errs.New(errs.Unavailable, "down")
					}
					n++
					return n == 3, nil
				})
				if err != nil {
					return err
				}
				_, err = c.Response().Write([]byte("done"))
				return err
			})
			server := httptest.NewServer(e)
			t.Cleanup(server.Close)
			response := get(t, server)
			body, err := io.ReadAll(response.Body)
			if (err != nil) != test.cut || response.StatusCode != test.status {
				t.Errorf("status %d, body %q, error %v", response.StatusCode, body, err)
			}
			if test.status == 200 && string(body) != test.body {
				t.Errorf("body %q, want %q", body, test.body)
			}
		})
	}
}
