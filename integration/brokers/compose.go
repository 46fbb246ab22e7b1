package brokers

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// composeUp starts a service of the project's docker-compose.yml, or uses the one that runs, and returns the
// address on this machine that its port is published at. It is left running, as a developer's own.
func composeUp(ctx context.Context, service, port string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute)
	defer stop()
	if err := exec.CommandContext(ctx, "docker", "info").Run(); err != nil {
		return "", fmt.Errorf("no container engine answers: %w", err)
	}
	if _, err := compose(ctx, "up", "--detach", "--wait", service); err != nil {
		return "", err
	}
	return compose(ctx, "port", service, port)
}

func compose(ctx context.Context, args ...string) (string, error) {
	file := filepath.Join(filepath.Dir(moduleRoot()), "docker-compose.yml")
	out, err := exec.CommandContext(ctx, "docker", append([]string{"compose", "--file", file}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("docker compose %s: %s: %w", strings.Join(args, " "), out, err)
	}
	return strings.TrimSpace(string(out)), nil
}
