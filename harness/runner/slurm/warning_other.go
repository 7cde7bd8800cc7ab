//go:build !unix

package slurm

import (
	"io/fs"
	"os"
)

// There is no Slurm here.
var warning os.Signal = os.Interrupt

func own(fs.FileInfo) bool { return false }
