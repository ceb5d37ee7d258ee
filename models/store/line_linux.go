package store

import (
	"errors"
	"syscall"
)

// tcpUserTimeout is the socket option TCP_USER_TIMEOUT (tcp(7)), in milliseconds.
const tcpUserTimeout = 0x12

// giveUpUnconfirmed lets the kernel end a connection whose bytes nobody confirms.
func giveUpUnconfirmed(network, _ string, socket syscall.RawConn) error {
	if network == "unix" {
		return nil
	}
	var failed error
	err := socket.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(deafAfter.Milliseconds()))
	})
	return errors.Join(err, failed)
}
