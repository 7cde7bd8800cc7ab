package kernel

import (
	"syscall"
	"unsafe"
)

// advise asks for huge pages under x, which begins on one, as far as they fit. With them the passes over the images of a
// batch need 512 times fewer address translations. It is a hint that changes no result: where the system does not grant it
// nothing happens.
func advise(x []float32) {
	if size := 4 * len(x) &^ (hugePage - 1); size > 0 {
		_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), size), syscall.MADV_HUGEPAGE)
	}
}
