package store

import (
	"net"
	"testing"
)

// pgx may have left a reader on a connection of its pool.
func TestLookingAtAConnectionWaitsForNoReader(t *testing.T) {
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
	for range 1000 { // the reader needs a moment to get there
		if !silent(conn.(*net.TCPConn)) {
			t.Fatal("it isn't silent, and nobody has said a word")
		}
	}
	_ = other.Close()
	<-read
	if silent(conn.(*net.TCPConn)) {
		t.Error("its end is taken for silence")
	}
	_ = conn.Close()
}
