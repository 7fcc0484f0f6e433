package middleware

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

// TestWriteErrorsAreClientErrors lets the write time-out expire in the middle of a
// reply, and closes the connection.
func TestWriteErrorsAreClientErrors(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(c echo.Context, stop func()) error{
		"time-out": func(c echo.Context, _ func()) error {
			return http.NewResponseController(c.Response()).SetWriteDeadline(time.Unix(1, 0))
		},
		"connection gone": func(c echo.Context, stop func()) error {
			stop()
			<-c.Request().Context().Done()
			return nil
		},
	} {
		for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
			t.Run(name+", "+protocol, func(t *testing.T) {
				t.Parallel()
				stop := make(chan struct{})
				s := serve(t, func(c echo.Context) error {
					c.Response().WriteHeader(http.StatusOK)
					if err := http.NewResponseController(c.Response()).Flush(); err != nil {
						return err
					}
					if err := fail(c, func() { close(stop) }); err != nil {
						return err
					}
					for {
						if _, err := io.WriteString(c.Response(), strings.Repeat("x", 100_000)); err != nil {
							return err
						}
					}
				})
				done := make(chan struct{})
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer close(done)
					s.ServeHTTP(w, r)
				}))
				t.Cleanup(server.Close)
				server.Config.Protocols = new(http.Protocols)
				server.Config.Protocols.SetHTTP1(true)
				server.Config.Protocols.SetUnencryptedHTTP2(true)
				server.Start()
				transport := &http.Transport{Protocols: new(http.Protocols)}
				transport.Protocols.SetHTTP1(protocol == "HTTP/1.1")
				transport.Protocols.SetUnencryptedHTTP2(protocol == "HTTP/2.0")
				response, err := (&http.Client{Transport: transport}).Get(server.URL + "/open")
				if err != nil {
					t.Fatal(err)
				}
				if name == "connection gone" {
					<-stop
				} else if _, err := io.Copy(io.Discard, response.Body); err == nil {
					t.Error("a reply that was cut off looks complete")
				}
				_ = response.Body.Close()
				transport.CloseIdleConnections()
				<-done
				lines := s.lines(t)
				if len(lines) != 1 || lines[0]["level"] != "INFO" || lines[0]["cut_off"] != true || lines[0]["error"] != nil {
					t.Errorf("%v, want one line at level INFO about a reply that was cut off", lines)
				}
			})
		}
	}
}
