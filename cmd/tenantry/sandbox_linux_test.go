package main_test

import (
	"bytes"
	encoding "encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// sandboxVariable names a file with a seccomp filter. If it is set, the test binary executes
	// the program in its arguments under that filter.
	sandboxVariable = "TENANTRY_TEST_SANDBOX"
	// sandboxUser is an unprivileged user, as in the systemd unit.
	sandboxUser = 65532
)

// runSandboxed replaces this process with the program in its arguments, with the systemd unit's
// umask, without privileges and under the filter of sandboxVariable. It returns if the variable
// isn't set.
func runSandboxed() {
	path := os.Getenv(sandboxVariable)
	if path == "" {
		return
	}
	fmt.Fprintln(os.Stderr, "sandbox:", execSandboxed(path, os.Args[1:]))
	os.Exit(1)
}

func execSandboxed(path string, args []string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	filter := make([]unix.SockFilter, len(content)/encoding.Size(unix.SockFilter{}))
	if err := encoding.Read(bytes.NewReader(content), encoding.NativeEndian, filter); err != nil {
		return err
	}
	if err := os.Unsetenv(sandboxVariable); err != nil {
		return err
	}
	syscall.Umask(0o077)
	if os.Getuid() == 0 {
		if err := syscall.Setgid(sandboxUser); err != nil {
			return err
		}
		if err := syscall.Setuid(sandboxUser); err != nil {
			return err
		}
	}
	runtime.LockOSThread() // exec keeps the filter of the calling thread
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return err
	}
	return syscall.Exec(args[0], args, os.Environ())
}

// sandboxed returns the same installation for startSandboxed, in a folder that belongs to
// sandboxUser.
func (i *installation) sandboxed(filter []unix.SockFilter) *installation {
	i.t.Helper()
	var content bytes.Buffer
	if err := encoding.Write(&content, encoding.NativeEndian, filter); err != nil {
		i.t.Fatal(err)
	}
	path := filepath.Join(i.t.TempDir(), "filter")
	writeFile(i.t, path, content.String())
	if os.Getuid() == 0 {
		if err := errors.Join(os.Chown(i.dir, sandboxUser, sandboxUser), os.Chmod(filepath.Dir(i.dir), 0o755)); err != nil {
			i.t.Fatal(err)
		}
	}
	return i.with(sandboxVariable + "=" + path)
}

// startSandboxed is start under the filter.
func (i *installation) startSandboxed(args ...string) *process {
	i.t.Helper()
	return i.startCommand(exec.Command(os.Args[0], append([]string{binary}, args...)...))
}

// unit is a systemd unit: the values of each directive, in the order of the file.
type unit map[string][]string

func readUnit(t testing.TB) unit {
	t.Helper()
	u := unit{}
	for line := range strings.Lines(readSource(t, "docs/tenantry.service")) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(name, "#") {
			u[name] = append(u[name], value)
		}
	}
	return u
}

// allowedCalls returns the system calls that the unit's SystemCallFilter allows, by the rules of
// systemd.exec(5): the first line starts a list of allowed calls; each further line adds to it or,
// with ~, removes from it.
func (u unit) allowedCalls(t testing.TB) map[string]bool {
	t.Helper()
	sets := callSets(t)
	allowed := map[string]bool{}
	var add func(name string, allow bool)
	add = func(name string, allow bool) {
		if !strings.HasPrefix(name, "@") {
			allowed[name] = allow
			return
		}
		if sets[name] == nil {
			t.Fatalf("systemd has no set %s", name)
		}
		for _, member := range sets[name] {
			add(member, allow)
		}
	}
	for _, line := range u["SystemCallFilter"] {
		names, forbid := strings.CutPrefix(line, "~")
		for name := range strings.FieldsSeq(names) {
			add(name, !forbid)
		}
	}
	add("@default", true)
	return allowed
}

// callSets are systemd's sets of system calls. A member may be a set.
func callSets(t testing.TB) map[string][]string {
	t.Helper()
	sets, name := map[string][]string{}, ""
	for line := range strings.Lines(readSource(t, "cmd/tenantry/testdata/syscall-sets.txt")) {
		switch word := strings.TrimSpace(line); {
		case strings.HasPrefix(line, "@"):
			name = word
		case name != "":
			sets[name] = append(sets[name], word)
		}
	}
	return sets
}

// callNumbers returns the numbers of this machine's system calls by name.
func callNumbers(t testing.TB) map[string]uint32 {
	t.Helper()
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "golang.org/x/sys/unix").Output()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "zsysnum_linux_"+runtime.GOARCH+".go"))
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[string]uint32{}
	for _, match := range regexp.MustCompile(`SYS_(\w+)\s+= (\d+)`).FindAllStringSubmatch(string(content), -1) {
		number, err := strconv.ParseUint(match[2], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		numbers[strings.ToLower(match[1])] = uint32(number)
	}
	return numbers
}

// Offsets in struct seccomp_data, and the results of a filter.
const (
	callNumber = 0
	callArch   = 4
	argument0  = 16
	argument2  = 32
	refuse     = unix.SECCOMP_RET_ERRNO
)

// seccompFilter builds the filter of the unit's SystemCallFilter, RestrictAddressFamilies and
// MemoryDenyWriteExecute. A call that SystemCallFilter doesn't allow kills the process, regardless
// of SystemCallErrorNumber, so that a test notices.
func seccompFilter(t testing.TB, allowed map[string]bool) []unix.SockFilter {
	t.Helper()
	arch := map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}[runtime.GOARCH]
	if arch == 0 {
		t.Skipf("THE SYSTEMD UNIT'S FILTER IS NOT TESTED on %s", runtime.GOARCH)
	}
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	answer := func(action uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action}
	}
	equal := func(value uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: value, Jt: yes, Jf: no}
	}
	allow := answer(unix.SECCOMP_RET_ALLOW)
	writeAndExecute := uint32(unix.PROT_WRITE | unix.PROT_EXEC)

	filter := []unix.SockFilter{load(callArch), equal(arch, 1, 0), answer(unix.SECCOMP_RET_KILL_PROCESS), load(callNumber)}
	decide := func(call uint32, steps ...unix.SockFilter) {
		filter = append(append(filter, equal(call, 0, uint8(len(steps)))), steps...)
	}
	decide(unix.SYS_SOCKET, load(argument0), equal(unix.AF_UNIX, 3, 0), equal(unix.AF_INET, 2, 0), equal(unix.AF_INET6, 1, 0),
		answer(refuse|uint32(unix.EAFNOSUPPORT)), allow)
	decide(unix.SYS_MPROTECT, load(argument2), unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: unix.PROT_EXEC, Jf: 1},
		answer(refuse|uint32(unix.EPERM)), allow)
	decide(unix.SYS_MMAP, load(argument2), unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: writeAndExecute},
		equal(writeAndExecute, 0, 1), answer(refuse|uint32(unix.EPERM)), allow)
	for name, number := range callNumbers(t) {
		if allowed[name] {
			decide(number, allow)
		}
	}
	return append(filter, answer(unix.SECCOMP_RET_KILL_PROCESS))
}
