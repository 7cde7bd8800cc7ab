package dataset

import (
	"os"
	"path/filepath"
)

// Verify hashes the files of a data set anew, whatever was found of them before, and checks what is in them. The error
// is a *Missing or a *Corrupt.
func Verify(name string) error {
	dir, err := CacheDir()
	if err != nil {
		return err
	}
	// Without its stamp nothing is taken on trust. A stamp that is not there, or a cache that is read-only, is no error
	// of the data.
	os.Remove(filepath.Join(dir, name, stampName))
	_, err = Load(name)
	return err
}
