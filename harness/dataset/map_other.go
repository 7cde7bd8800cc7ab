//go:build !unix

package dataset

import "os"

// mapFile reads a file where none can be mapped.
func mapFile(path string) ([]byte, error) { return os.ReadFile(path) }
