package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// npyHead is what stands before the numbers of a NumPy .npy file, C order.
type npyHead struct {
	descr string // "|u1", "<f4", …
	shape []int
	bytes int64 // of the head
}

var (
	npyDescr   = regexp.MustCompile(`'descr'\s*:\s*'([^']*)'`)
	npyFortran = regexp.MustCompile(`'fortran_order'\s*:\s*(True|False)`)
	npyShape   = regexp.MustCompile(`'shape'\s*:\s*\(([^)]*)\)`)
)

// maxNPYHead is far more than a head takes.
const maxNPYHead = 1 << 16

// readNPYHead reads the head of a .npy file, of format 1 to 3.
func readNPYHead(in io.Reader) (npyHead, error) {
	var h npyHead
	magic := make([]byte, 8)
	if _, err := io.ReadFull(in, magic); err != nil {
		return h, short(err)
	}
	if !bytes.Equal(magic[:6], []byte("\x93NUMPY")) {
		return h, errors.New("it is not a .npy file")
	}
	var size uint32
	switch magic[6] {
	case 1:
		var small uint16
		if err := binary.Read(in, binary.LittleEndian, &small); err != nil {
			return h, short(err)
		}
		size, h.bytes = uint32(small), 10
	case 2, 3:
		if err := binary.Read(in, binary.LittleEndian, &size); err != nil {
			return h, short(err)
		}
		h.bytes = 12
	default:
		return h, fmt.Errorf("a .npy file of format %d: expected 1, 2 or 3", magic[6])
	}
	if size > maxNPYHead {
		return h, fmt.Errorf("the head of the .npy file has %d bytes: at most %d are expected", size, maxNPYHead)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(in, text); err != nil {
		return h, short(err)
	}
	h.bytes += int64(size)
	descr, fortran, shape := npyDescr.FindSubmatch(text), npyFortran.FindSubmatch(text), npyShape.FindSubmatch(text)
	if descr == nil || fortran == nil || shape == nil {
		return h, fmt.Errorf("the head of the .npy file is not understood: %q", text)
	}
	if string(fortran[1]) == "True" {
		return h, errors.New("the .npy file is in Fortran order: save it with numpy.ascontiguousarray")
	}
	h.descr = string(descr[1])
	for _, s := range strings.Split(string(shape[1]), ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || n > 1<<40 {
			return h, fmt.Errorf("the shape (%s) of the .npy file is not understood", shape[1])
		}
		h.shape = append(h.shape, n)
	}
	return h, nil
}

// count is the number of elements, width their bytes; 0: an unknown type.
func (h npyHead) count() int {
	n := 1
	for _, s := range h.shape {
		n *= s
	}
	return n
}

func (h npyHead) width() int {
	if len(h.descr) < 3 {
		return 0
	}
	w, err := strconv.Atoi(h.descr[2:])
	if err != nil || !slices.Contains([]int{1, 2, 4, 8}, w) {
		return 0
	}
	return w
}

// isShape compares a shape; a side of -1 may be anything.
func (h npyHead) isShape(want ...int) error {
	ok := len(h.shape) == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = want[i] < 0 || want[i] == h.shape[i]
	}
	if !ok {
		return fmt.Errorf("its shape is %v: expected %v", h.shape, want)
	}
	return nil
}

// readNPYBytes reads a .npy file of bytes with the given shape into dst.
func readNPYBytes(in io.Reader, dst []uint8, shape ...int) error {
	h, err := readNPYHead(in)
	if err != nil {
		return err
	}
	if h.descr != "|u1" {
		return fmt.Errorf("its numbers are %s: expected |u1, bytes", h.descr)
	}
	if err := h.isShape(shape...); err != nil {
		return err
	}
	_, err = io.ReadFull(in, dst)
	return short(err)
}

// readNPYLabels reads a .npy file of n whole numbers from 0 to 255 into dst.
func readNPYLabels(in io.Reader, dst []uint8) error {
	h, err := readNPYHead(in)
	if err != nil {
		return err
	}
	if err := h.isShape(len(dst)); err != nil {
		return err
	}
	return h.wholes(in, func(i int, v int64) error {
		if v < 0 || v > 255 {
			return fmt.Errorf("label %d at %d: expected 0 to 255", v, i)
		}
		dst[i] = uint8(v)
		return nil
	})
}

// wholes reads the elements of a file of whole numbers.
func (h npyHead) wholes(in io.Reader, each func(i int, v int64) error) error {
	w := h.width()
	if w == 0 || h.descr[1] != 'i' && h.descr[1] != 'u' || h.descr[0] == '>' {
		return fmt.Errorf("its numbers are %s: expected whole numbers in little-endian order", h.descr)
	}
	buf := make([]byte, w)
	for i := range h.count() {
		if _, err := io.ReadFull(in, buf); err != nil {
			return short(err)
		}
		var v uint64
		for k := range buf {
			v |= uint64(buf[k]) << (8 * k)
		}
		shift := 64 - 8*w
		s := int64(v << shift >> shift)
		if h.descr[1] == 'i' {
			s = int64(v<<shift) >> shift
		}
		if err := each(i, s); err != nil {
			return err
		}
	}
	return nil
}
