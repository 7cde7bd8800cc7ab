package kernel

import (
	"bytes"
	"unsafe"
)

// Alloc returns n zeroed elements that begin on a cache line.
func Alloc(n int) []float32 {
	const line = 16 // elements
	if n == 0 {
		return nil
	}
	x := make([]float32, n+line-1)
	skip := 0
	if r := uintptr(unsafe.Pointer(&x[0])) % (4 * line); r != 0 {
		skip = int(4*line-r) / 4
	}
	return x[skip : skip+n : skip+n]
}

// Equal reports whether x and y have the same elements, bit by bit.
func Equal(x, y []float32) bool {
	if len(x) != len(y) || len(x) == 0 {
		return len(x) == len(y)
	}
	return bytes.Equal(unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x)), unsafe.Slice((*byte)(unsafe.Pointer(&y[0])), 4*len(y)))
}
