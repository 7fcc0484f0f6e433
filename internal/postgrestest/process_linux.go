package postgrestest

import "syscall"

// attributes start a program as an account, and end it with the tests, even when those had no
// chance to clean up.
func attributes(account *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: account, Pdeathsig: syscall.SIGQUIT}
}
