package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// createAtomically creates a file with mode 0600 and the content that write writes. It returns an
// error if the file exists. If writing fails or is stopped, no file is left.
func createAtomically(path string, write func(part *os.File) error) error {
	return writePart(path, write, putNew)
}

// replaceAtomically is like createAtomically but replaces an existing file. If it fails or is
// stopped, the file stays unchanged.
func replaceAtomically(path string, write func(part *os.File) error) error {
	return writePart(path, write, os.Rename)
}

// writePart writes a temporary file in the same directory, and calls put to give it its name.
func writePart(path string, write func(part *os.File) error, put func(part, path string) error) error {
	part, err := os.CreateTemp(filepath.Dir(path), ".tenantry-*.part") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	err = write(part)
	if err := errors.Join(err, part.Sync(), part.Close()); err != nil {
		return err
	}
	if err := put(part.Name(), path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	_ = folder.Sync() // not every system can do that
	return folder.Close()
}

// putNew renames a file to a name that must not exist yet.
func putNew(part, path string) error {
	err := os.Link(part, path)
	if err == nil {
		return nil
	}
	if errors.Is(err, fs.ErrExist) {
		return errExists(path)
	}
	// The file system has no hard links. An empty file reserves the name until the rename.
	taken, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return errExists(path)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(taken.Close(), os.Rename(part, path)); err != nil {
		_ = os.Remove(path)
		return err
	}
	return nil
}

func errExists(path string) error {
	return fmt.Errorf("%s exists already: a backup doesn't overwrite files", path)
}

// mustBeFree returns an error if a file exists at the path.
func mustBeFree(path string) error {
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return errExists(path)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// passedFile returns a file with this text, which may be secret, and the name under which a child
// process opens it as its first extra file. Except on Windows the file is in no directory, so
// nothing is left of it however the program ends.
func passedFile(text string) (file *os.File, name string, remove func(), err error) {
	if file, err = os.CreateTemp("", "tenantry-*.cnf"); err != nil { // of mode 0600
		return nil, "", nil, err
	}
	name = "/dev/fd/3"
	remove = func() { _ = file.Close() }
	if runtime.GOOS == "windows" {
		name = file.Name()
		remove = func() { _, _ = file.Close(), os.Remove(name) }
	} else {
		err = os.Remove(file.Name())
	}
	if err == nil {
		_, err = file.WriteString(text)
	}
	if err == nil {
		_, err = file.Seek(0, 0)
	}
	if err != nil {
		remove()
	}
	return file, name, remove, err
}
