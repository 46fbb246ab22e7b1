package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
)

// listen starts a receiver that prints what it gets and has no use for events without a message.
func listen() (address string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // stopped
			}
			go serve(conn)
		}
	}()
	return listener.Addr().String(), func() { listener.Close() }, nil
}

func serve(conn net.Conn) {
	defer conn.Close()
	fmt.Fprintln(conn, "ok")
	for in := bufio.NewScanner(conn); in.Scan(); {
		id, body, _ := strings.Cut(in.Text(), " ")
		if strings.Contains(body, `"message": ""`) {
			fmt.Fprintln(conn, "refused", id, "nobody there")
			continue
		}
		fmt.Println("the receiver got", body)
		fmt.Fprintln(conn, "ok", id)
	}
}
