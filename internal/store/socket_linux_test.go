package store

import (
	"net"
	"testing"
)

// pgx may leave a goroutine that reads from a connection of its pool.
func TestSilentDoesNotWaitForAReader(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	other, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan error, 1)
	begun := make(chan struct{})
	go func() {
		close(begun)
		_, err := conn.Read(make([]byte, 1))
		read <- err
	}()
	<-begun
	for range 1000 { // gives the reader time to start
		if !silent(conn.(*net.TCPConn)) {
			t.Fatal("silent is false although nothing was sent")
		}
	}
	_ = other.Close()
	<-read
	if silent(conn.(*net.TCPConn)) {
		t.Error("silent is true although the connection was closed")
	}
	_ = conn.Close()
}
