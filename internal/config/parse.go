package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/email"
)

// parser parses a value and stores it in its field. Its error says what is expected and is shown to
// people. Parsers of secrets never quote the value, nor wrap an error that does.
type parser func(value string) error

// insteadOf quotes a refused value, unless it may be a URL, which may be meant for another setting
// and contain a password.
func insteadOf(value string) string {
	if strings.Contains(value, "@") || strings.Contains(value, "://") {
		return ""
	}
	return fmt.Sprintf(", not %.40q", value)
}

// unreadable says why a file can't be read, without its name, which may be a secret set by mistake.
func unreadable(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return "must name a file that can be read: " + err.Error()
}

func text(field *string) parser {
	return func(value string) error {
		*field = value
		return nil
	}
}

func secret(field *Secret) parser {
	return func(value string) error {
		*field = NewSecret(value)
		return nil
	}
}

// secrets parses several secrets, separated by commas.
func secrets(field *[]Secret) parser {
	return func(value string) error {
		for part := range strings.SplitSeq(value, ",") {
			*field = append(*field, NewSecret(strings.TrimSpace(part)))
		}
		return nil
	}
}

func boolean(field *bool) parser {
	return func(value string) error {
		switch strings.ToLower(value) {
		case "true", "1", "yes", "on":
			*field = true
		case "false", "0", "no", "off":
			*field = false
		default:
			return fmt.Errorf("must be true or false%s", insteadOf(value))
		}
		return nil
	}
}

func integer(field *int, least, most int) parser {
	return func(value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > most {
			return fmt.Errorf("must be a whole number from %d to %d%s", least, most, insteadOf(value))
		}
		*field = n
		return nil
	}
}

func duration(field *time.Duration, unit time.Duration, least, most int) parser {
	return func(value string) error {
		var n int
		if err := integer(&n, least, most)(value); err != nil {
			return err
		}
		*field = time.Duration(n) * unit
		return nil
	}
}

func choice[T ~string](field *T, options ...T) parser {
	return func(value string) error {
		names := make([]string, len(options))
		for i, option := range options {
			if strings.EqualFold(value, string(option)) {
				*field = option
				return nil
			}
			names[i] = string(option)
		}
		return fmt.Errorf("must be one of %s%s", strings.Join(names, ", "), insteadOf(value))
	}
}

func level(field *slog.Level) parser {
	return func(value string) error {
		switch strings.ToLower(value) {
		case "debug":
			*field = slog.LevelDebug
		case "info":
			*field = slog.LevelInfo
		case "warning", "warn":
			*field = slog.LevelWarn
		case "error", "critical": // the latter is Python's
			*field = slog.LevelError
		default:
			return fmt.Errorf("must be one of debug, info, warning, error%s", insteadOf(value))
		}
		return nil
	}
}

func address(field *string) parser {
	return func(value string) error {
		_, port, err := net.SplitHostPort(value)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			return fmt.Errorf("must be [host]:port, such as :8000 or 127.0.0.1:8000%s", insteadOf(value))
		}
		*field = value
		return nil
	}
}

func hostname(field *string) parser {
	return func(value string) error {
		if strings.ContainsAny(value, ":/@ ") && net.ParseIP(value) == nil {
			return errors.New("must be a host name or an IP address and nothing more; for anything else use REDIS_URL")
		}
		*field = value
		return nil
	}
}

func emailAddress(field *string) parser {
	return func(value string) error {
		if !email.Valid(value) {
			return fmt.Errorf("must be an e-mail address, such as you@example.com%s", insteadOf(value))
		}
		*field = email.Normalize(value)
		return nil
	}
}
