package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/db/postgres"
	"github.com/tenantry/tenantry/gen/resources"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/openapi"
)

// bare is the server that Tenantry is compared with: net/http and pgx with the same tables, SQL and
// JSON, but without features. It doesn't authenticate requests and checks nothing.
type bare struct {
	pool  *pgxpool.Pool
	actor bareActor
}

// bareActor is the user in whose name all requests are handled.
type bareActor struct {
	TenantID  uuid.UUID
	UserID    uuid.UUID
	SessionID uuid.UUID
	Email     string
}

// Environment variables of the bare handler's process.
const (
	bareDatabase    = "BENCH_DATABASE_URL"
	bareConnections = "BENCH_CONNECTIONS"
	bareWho         = "BENCH_ACTOR" // a bareActor as JSON
)

// serveBare listens on a free port, prints its address, and serves until the process is ended.
func serveBare(ctx context.Context) error {
	config, err := pgxpool.ParseConfig(os.Getenv(bareDatabase))
	if err != nil {
		return errors.New("the database URL can't be read")
	}
	connections, err := strconv.ParseInt(os.Getenv(bareConnections), 10, 32)
	if err != nil {
		return err
	}
	config.MaxConns = int32(connections)
	config.MinConns = config.MaxConns
	b := &bare{}
	if err := json.Unmarshal([]byte(os.Getenv(bareWho)), &b.actor); err != nil {
		return err
	}
	if b.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	if err := b.pool.Ping(ctx); err != nil {
		return err
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("bare is ready at http://%s\n", listener.Addr())
	server := &http.Server{Handler: b.handler(), ReadHeaderTimeout: 5 * time.Second}
	return server.Serve(listener)
}

func (b *bare) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/org/companies/{id}", b.getCompany)
	mux.HandleFunc("GET /api/v1/org/companies", b.listCompanies)
	mux.HandleFunc("POST /api/v1/org/companies", b.createCompany)
	return mux
}

func (b *bare) getCompany(w http.ResponseWriter, r *http.Request) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	c, err := postgres.New(b.pool).GetCompany(r.Context(), postgres.GetCompanyParams{TenantID: b.actor.TenantID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	if err != nil {
		bareFailure(w, err)
		return
	}
	bareReply(w, http.StatusOK, bareCompany(c))
}

func (b *bare) listCompanies(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.ParseInt(r.URL.Query().Get("limit"), 10, 32)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	rows, err := postgres.New(unfiltered{b.pool}).ListCompaniesByCreatedAt(r.Context(), postgres.ListCompaniesByCreatedAtParams{
		TenantID: b.actor.TenantID, AfterCreatedAt: time.Unix(0, 0).UTC(), Limit: int32(limit) + 1,
	})
	if err != nil {
		bareFailure(w, err)
		return
	}
	page := api.CompanyPage{Items: make([]api.Company, 0, len(rows))}
	for i, c := range rows {
		if i == int(limit) {
			last := rows[i-1]
			cursor := base64.RawURLEncoding.EncodeToString([]byte(last.CreatedAt.Format(time.RFC3339Nano) + " " + last.ID.String()))
			page.NextCursor = &cursor
			break
		}
		page.Items = append(page.Items, bareCompany(c))
	}
	bareReply(w, http.StatusOK, page)
}

// unfiltered removes the optional filters of the list. With them PostgreSQL would plan the
// statement at each execution.
type unfiltered struct{ *pgxpool.Pool }

const unfilteredPage = "\nWHERE tenant_id = $1 AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4"

func (u unfiltered) Query(ctx context.Context, list string, args ...any) (pgx.Rows, error) {
	columns, _, _ := strings.Cut(list, "\nWHERE")
	return u.Pool.Query(ctx, columns+unfilteredPage, args[0], args[1], args[2], args[len(args)-1])
}

func (b *bare) createCompany(w http.ResponseWriter, r *http.Request) {
	var in bareCreate
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	c := db.Company{
		TenantID: b.actor.TenantID, ID: uuid.Must(uuid.NewV7()), Code: in.Code, Name: in.Name, Description: in.Description,
		Email: in.Email, Phone: in.Phone, Website: in.Website,
		AddressLine1: in.Address.Line1, City: in.Address.City, PostalCode: in.Address.PostalCode, Country: in.Address.Country,
		TaxID: in.TaxID, IsActive: true, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	resources.DeriveCompany(&c)
	entry, err := b.entry(r, c, in)
	if err != nil {
		bareFailure(w, err)
		return
	}
	if err := b.insert(r.Context(), c, entry); err != nil {
		bareFailure(w, err)
		return
	}
	w.Header().Set("Location", r.URL.Path+"/"+c.ID.String())
	bareReply(w, http.StatusCreated, bareCompany(c))
}

func (b *bare) insert(ctx context.Context, c db.Company, entry db.AuditEntry) error {
	tx, err := b.pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }() // no effect after the commit
	q := postgres.New(tx)
	if err := q.InsertCompany(ctx, postgres.InsertCompanyParams(c)); err != nil {
		return err
	}
	if err := q.InsertAuditEntry(ctx, postgres.InsertAuditEntryParams(entry)); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// entry returns the audit entry of the new company.
func (b *bare) entry(r *http.Request, c db.Company, in bareCreate) (db.AuditEntry, error) {
	changes, err := json.Marshal(map[string]any{"created": in})
	if err != nil {
		return db.AuditEntry{}, err
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return db.AuditEntry{}, err
	}
	role, kind := "admin", "company"
	e := db.AuditEntry{
		TenantID: c.TenantID, ID: uuid.Must(uuid.NewV7()), OccurredAt: c.CreatedAt,
		ActorID: &b.actor.UserID, ActorEmail: &b.actor.Email, ActorRole: &role, SessionID: &b.actor.SessionID,
		Action: "company.create", EntityType: &kind, EntityID: &c.ID, EntityLabel: &c.Name, Changes: changes, Outcome: "success",
		IP: host, UserAgent: r.UserAgent(), RequestID: uuid.NewString(), Method: r.Method, Path: r.URL.Path,
	}
	audit.Derive(&e)
	return e, nil
}

// bareCreate is the body of a request to create a company.
type bareCreate struct {
	Code        string  `json:"code"`
	Name        string  `json:"name"`
	Description *string `json:"description"`
	Email       *string `json:"email"`
	Phone       *string `json:"phone"`
	Website     *string `json:"website"`
	Address     struct {
		Line1      *string `json:"line1"`
		City       *string `json:"city"`
		PostalCode *string `json:"postal_code"`
		Country    *string `json:"country"`
	} `json:"address"`
	TaxID *string `json:"tax_id"`
}

func bareCompany(c postgres.Company) api.Company {
	return api.Company{
		ID: c.ID, TenantID: c.TenantID, Code: c.Code, Name: c.Name, Description: c.Description,
		Email: c.Email, Phone: c.Phone, Website: c.Website,
		Address: api.Address{
			Line1: c.AddressLine1, Line2: c.AddressLine2, City: c.City, State: c.State, PostalCode: c.PostalCode, Country: c.Country,
		},
		TaxID: c.TaxID, RegistrationNumber: c.RegistrationNumber, IsActive: c.IsActive,
		CreatedAt: openapi.Time{Time: c.CreatedAt}, UpdatedAt: openapi.Time{Time: c.UpdatedAt}, Version: c.Version,
	}
}

func bareReply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Print(err) // the client has closed the connection
	}
}

func bareFailure(w http.ResponseWriter, err error) {
	log.Print(err)
	http.Error(w, "failed", http.StatusInternalServerError)
}
