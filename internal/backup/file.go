package backup

import (
	"errors"
	"os"
	"path/filepath"
)

// writeWhole gives a file what write writes, with mode 0600. If that fails or is stopped, nothing is at the path that wasn't there before.
func writeWhole(path string, write func(part *os.File) error) error {
	part, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(part.Name()) // it is gone if all went well
	err = write(part)
	if err := errors.Join(err, part.Sync(), part.Close()); err != nil {
		return err
	}
	if err := os.Rename(part.Name(), path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	_ = folder.Sync() // not every system can do that
	return folder.Close()
}
