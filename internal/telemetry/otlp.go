package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/tenantry/tenantry/internal/netfault"
)

// maxCollectorReply is how much of a collector's reply is read, so that its connection can be used again.
const maxCollectorReply = 64 << 10

// collectorClient sends spans by OTLP over HTTP, in protobuf. It is otlptrace.Client. OpenTelemetry's own has all of gRPC in it,
// which makes the program half as large again.
type collectorClient struct {
	endpoint string
	headers  http.Header
	client   *http.Client
}

func newCollectorClient(endpoint string, headers http.Header) *collectorClient {
	return &collectorClient{endpoint: endpoint, headers: headers, client: &http.Client{
		Timeout: exportTimeout,
		// The headers are for this collector.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Start doesn't connect.
func (*collectorClient) Start(context.Context) error { return nil }

// Stop ends idle connections.
func (c *collectorClient) Stop(context.Context) error {
	c.client.CloseIdleConnections()
	return nil
}

// UploadTraces sends spans, once.
func (c *collectorClient) UploadTraces(ctx context.Context, spans []*otlp.ResourceSpans) error {
	// On the wire TracesData is the same as ExportTraceServiceRequest.
	body, err := proto.Marshal(&otlp.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("encode spans: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make request: %w", netfault.Hide(err))
	}
	request.Header = c.headers.Clone()
	request.Header.Set("Content-Type", "application/x-protobuf")
	response, err := c.client.Do(request)
	if err != nil {
		return netfault.Hide(err)
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, maxCollectorReply)
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("the collector answers with status %d", response.StatusCode)
	}
	return nil
}
