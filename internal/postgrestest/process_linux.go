package postgrestest

import "syscall"

// attributes run a program as an account, and end it with the test process, even if that is killed.
func attributes(account *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: account, Pdeathsig: syscall.SIGQUIT}
}
