package kernel

import (
	"bytes"
	"unsafe"
)

// Alloc returns n zeroed elements that begin on a cache line, large amounts on a page of their own; see advise.
func Alloc(n int) []float32 {
	if n == 0 {
		return nil
	}
	align := 64 // bytes
	if 4*n >= hugePage {
		align = hugePage
	}
	x := make([]float32, n+align/4-1)
	skip := int(-uintptr(unsafe.Pointer(&x[0]))&uintptr(align-1)) / 4
	if align == hugePage {
		advise(x[skip:])
	}
	return x[skip : skip+n : skip+n]
}

// hugePage is the size of a huge page in bytes.
const hugePage = 2 << 20

// Equal reports whether x and y have the same elements, bit by bit.
func Equal(x, y []float32) bool {
	if len(x) != len(y) || len(x) == 0 {
		return len(x) == len(y)
	}
	return bytes.Equal(unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x)), unsafe.Slice((*byte)(unsafe.Pointer(&y[0])), 4*len(y)))
}
