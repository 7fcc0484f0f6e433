package servers

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// Workspace is a temporary folder for the data and logs of private servers, and the thread that
// starts them.
type Workspace struct {
	dir     string
	spawner spawner
}

// account is the system user that a server runs as if the launcher is root; nil is the launcher's
// own user.
type account struct {
	uid, gid int
}

// home is a server's data folder and the account that owns it.
type home struct {
	dir   string
	owner *account
}

// NewWorkspace creates a workspace.
func NewWorkspace(name string) (*Workspace, error) {
	parent := os.TempDir()
	if isRoot() && !traversable(parent) {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, name+"-")
	if err != nil {
		return nil, fmt.Errorf("make a temporary folder: %w", err)
	}
	// The servers' accounts must reach their own folders in it, but other users can't list it.
	if err := os.Chmod(dir, 0o711); err != nil {
		return nil, errors.Join(fmt.Errorf("open the temporary folder to the servers' accounts: %w", err), os.RemoveAll(dir))
	}
	return &Workspace{dir: dir, spawner: newSpawner()}, nil
}

// Dir creates a folder in the workspace for the caller.
func (w *Workspace) Dir(name string) (string, error) {
	dir := filepath.Join(w.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a folder: %w", err)
	}
	return dir, nil
}

// Remove deletes the folder. The servers must have ended.
func (w *Workspace) Remove() {
	if err := os.RemoveAll(w.dir); err != nil {
		fmt.Fprintln(os.Stderr, "remove the temporary folder:", err)
	}
}

// home creates a folder for the server, owned by the system user with this name.
func (w *Workspace) home(username string) (home, error) {
	h := home{dir: filepath.Join(w.dir, username)}
	if err := os.Mkdir(h.dir, 0o700); err != nil {
		return home{}, fmt.Errorf("make a data folder: %w", err)
	}
	if !isRoot() {
		return h, nil
	}
	var err error
	if h.owner, err = findAccount(username, "nobody"); err != nil {
		return home{}, err
	}
	return h, h.give(h.dir)
}

// folder creates a folder in the home for the server's account.
func (h home) folder(name string) (string, error) {
	path := filepath.Join(h.dir, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", fmt.Errorf("make a data folder: %w", err)
	}
	return path, h.give(path)
}

// give makes the server's account the owner of a path.
func (h home) give(path string) error {
	if h.owner == nil {
		return nil
	}
	if err := os.Chown(path, h.owner.uid, h.owner.gid); err != nil {
		return fmt.Errorf("give %s to the server's account: %w", filepath.Base(path), err)
	}
	return nil
}

// write writes a file to the home that only the server's account can read, and returns its path.
func (h home) write(name, content string) (string, error) {
	path := filepath.Join(h.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return "", fmt.Errorf("write a server's file: %w", err)
	}
	return path, h.give(path)
}

// findAccount returns the first of these users that exists.
func findAccount(names ...string) (*account, error) {
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("account %s: %w", name, err)
		}
		return &account{uid: uid, gid: gid}, nil
	}
	return nil, fmt.Errorf("root needs one of the system users %q to run the server as", names)
}

func isRoot() bool {
	return os.Geteuid() == 0
}

// traversable reports whether every user can reach files in the folder.
func traversable(dir string) bool {
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode()&fs.FileMode(0o001) == 0 {
			return false
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return true
		}
		dir = parent
	}
}
