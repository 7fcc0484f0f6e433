# syntax=docker/dockerfile:1
# The image has the binary, certificates and nothing else: no shell, no package, no root.
FROM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /tenantry ./cmd/tenantry
# A folder for SQLite, owned by the user below.
RUN mkdir /data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /tenantry /tenantry
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
WORKDIR /
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["/tenantry", "healthcheck"]
ENTRYPOINT ["/tenantry"]
CMD ["serve"]
