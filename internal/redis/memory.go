package redis

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Memory returns Redis' maxmemory in bytes, 0 for no limit, and its eviction policy. It uses INFO,
// which most managed servers allow, unlike CONFIG.
func (c *Client) Memory(ctx context.Context) (limit int64, policy string, err error) {
	info, err := c.universal.Info(ctx, "memory").Result()
	if err != nil {
		return 0, "", fmt.Errorf("ask Redis for its memory: %w", err)
	}
	for lines := bufio.NewScanner(strings.NewReader(info)); lines.Scan(); {
		switch name, value, _ := strings.Cut(lines.Text(), ":"); name {
		case "maxmemory":
			if limit, err = strconv.ParseInt(value, 10, 64); err != nil {
				return 0, "", fmt.Errorf("read Redis' maxmemory: %w", err)
			}
		case "maxmemory_policy":
			policy = value
		}
	}
	return limit, policy, nil
}
