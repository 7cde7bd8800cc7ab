//go:build !linux && !darwin

package arena

import (
	"fmt"
	"os"
	"runtime"
)

func unsupported() error {
	return fmt.Errorf("plugins need shared memory between processes, which bench has on Linux and macOS, not on %s", runtime.GOOS)
}

func create() (*os.File, error) { return nil, unsupported() }

func grow(*os.File, uint64) ([]byte, error) { return nil, unsupported() }

func mapShared(*os.File, uint64) ([]byte, error) { return nil, unsupported() }

func unmap([]byte) error { return unsupported() }
