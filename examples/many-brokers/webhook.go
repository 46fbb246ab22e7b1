package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// webhook is a receiver of HTTP requests that prints their bodies.
type webhook struct {
	url  string
	stop func()
}

func startWebhook() (*webhook, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: http.HandlerFunc(printBody), ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener) //nolint:errcheck // it ends with stop
	return &webhook{"http://" + listener.Addr().String() + "/events", func() { server.Close() }}, nil
}

func printBody(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	fmt.Printf("webhook: %s\n", body)
}
