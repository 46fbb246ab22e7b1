package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
)

// readToken reads the token that clients must send; "" if no file is named.
func readToken(path string, logger *slog.Logger) (string, error) {
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(text))
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	switch {
	case token == "":
		return "", fmt.Errorf("--token-file %s: there is no token in it", path)
	case len(token) > mostToken || strings.ContainsFunc(token, odd):
		return "", fmt.Errorf("--token-file %s: a token is one word of visible ASCII, up to %d characters", path, mostToken)
	case len(token) < leastToken:
		return "", fmt.Errorf("--token-file %s: a token shorter than %d characters can be guessed; make one with: openssl rand -hex 32", path, leastToken)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", errors.Join(errors.New("--token-file"), err)
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		logger.Warn("others can read the file of the token: chmod 600 it", "file", path, "mode", info.Mode().Perm().String())
	}
	return token, nil
}

// Bounds of the length of a token.
const leastToken, mostToken = 16, 4096
