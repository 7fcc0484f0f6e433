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

// maxCollectorReply limits how much of a collector's reply is read. Reading it lets the connection
// be reused.
const maxCollectorReply = 64 << 10

// collectorClient is an otlptrace.Client that sends spans by OTLP over HTTP, in protobuf.
// OpenTelemetry's own client isn't used, because it includes gRPC and makes the program half as
// large again.
type collectorClient struct {
	endpoint string
	headers  http.Header
	client   *http.Client
}

func newCollectorClient(endpoint string, headers http.Header) *collectorClient {
	return &collectorClient{endpoint: endpoint, headers: headers, client: &http.Client{
		Timeout: exportTimeout,
		// Don't follow redirections: the headers may contain a key for this collector.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Start does nothing. UploadTraces connects.
func (*collectorClient) Start(context.Context) error { return nil }

// Stop closes idle connections.
func (c *collectorClient) Stop(context.Context) error {
	c.client.CloseIdleConnections()
	return nil
}

// UploadTraces sends spans once, without retries.
func (c *collectorClient) UploadTraces(ctx context.Context, spans []*otlp.ResourceSpans) error {
	// TracesData has the same encoding as ExportTraceServiceRequest.
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
