package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// The safetensors format (https://github.com/huggingface/safetensors): eight bytes with the little-endian length of a
// JSON header, the header, and the tensors' bytes without gaps. The header maps a name to dtype, shape and the range of
// bytes, counted from the end of the header; "__metadata__" maps strings to strings.

// blob is a named tensor of a safetensors file: float32, or bytes if f is nil.
type blob struct {
	name  string
	shape []int
	f     []float32
	b     []byte
}

type tensorInfo struct {
	DType   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
}

// maxHeader bounds the header, as the format's own reader does.
const maxHeader = 100_000_000

// sealKey is the metadata entry with the checksum of the file: the SHA-256 of all bytes from the header on, in which the
// checksum itself is replaced by zeros.
const sealKey = "sha256"

var unsealedHash = strings.Repeat("0", 2*sha256.Size)

// encodeTensors lays out a file with its checksum. The float32 tensors come first, so that all are aligned.
func encodeTensors(tensors []blob, metadata map[string]string) ([]byte, error) {
	tensors = slices.Clone(tensors)
	slices.SortStableFunc(tensors, func(a, b blob) int { return rank(a) - rank(b) })
	size := 0
	for _, t := range tensors {
		size += t.bytes()
	}
	data := make([]byte, 0, size)
	header := []byte(`{"__metadata__":`)
	names := map[string]bool{"__metadata__": true}
	entries := []byte{}
	for _, t := range tensors {
		if names[t.name] {
			return nil, fmt.Errorf("two tensors are named %q", t.name)
		}
		names[t.name] = true
		n := 1
		for _, d := range t.shape {
			n *= d
		}
		if n != max(len(t.f), len(t.b)) {
			return nil, fmt.Errorf("tensor %q of shape %v has %d elements", t.name, t.shape, max(len(t.f), len(t.b)))
		}
		start := len(data)
		info := tensorInfo{DType: "F32", Shape: t.shape}
		if info.Shape == nil {
			info.Shape = []int{}
		}
		if t.b != nil {
			info.DType = "U8"
			data = append(data, t.b...)
		} else {
			data = appendFloats(data, t.f)
		}
		info.Offsets = [2]int{start, len(data)}
		name, err := json.Marshal(t.name)
		if err != nil {
			return nil, err
		}
		entry, err := json.Marshal(info)
		if err != nil {
			return nil, err
		}
		entries = append(append(append(append(entries, ','), name...), ':'), entry...)
	}
	meta := maps.Clone(metadata)
	if meta == nil {
		meta = map[string]string{}
	}
	meta[sealKey] = unsealedHash
	text, err := json.Marshal(meta)
	if err != nil {
		return nil, err
	}
	header = append(append(append(header, text...), entries...), '}')
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	out := make([]byte, 0, 8+len(header)+len(data))
	out = binary.LittleEndian.AppendUint64(out, uint64(len(header)))
	out = append(append(out, header...), data...)
	sum := sha256.Sum256(out[8:])
	copy(out[8+bytes.Index(header, []byte(unsealedHash)):], hex.EncodeToString(sum[:]))
	return out, nil
}

// verify checks the checksum of a file whose metadata has one.
func verify(header, data []byte, want string) error {
	at := bytes.Index(header, []byte(want))
	if len(want) != len(unsealedHash) || at < 0 {
		return errors.New("its checksum is not one")
	}
	h := sha256.New()
	h.Write(header[:at])
	h.Write([]byte(unsealedHash))
	h.Write(header[at+len(want):])
	h.Write(data)
	if hex.EncodeToString(h.Sum(nil)) != want {
		return errors.New("its checksum does not match")
	}
	return nil
}

func rank(t blob) int {
	if t.b != nil {
		return 1
	}
	return 0
}

func (t blob) bytes() int {
	if t.b != nil {
		return len(t.b)
	}
	return 4 * len(t.f)
}

// decodeTensors reads a file that encodeTensors or another writer made: tensors in the order of their bytes. Only F32 and
// U8 are known. If the metadata has a checksum the file is verified. It never trusts a length: a damaged file is an
// error.
func decodeTensors(file []byte) (tensors []blob, metadata map[string]string, err error) {
	if len(file) < 8 {
		return nil, nil, errors.New("it ends within the length of its header")
	}
	n := binary.LittleEndian.Uint64(file)
	if n > maxHeader || n > uint64(len(file)-8) {
		return nil, nil, errors.New("it ends within its header")
	}
	header, data := file[8:8+n], file[8+n:]
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(header, &entries); err != nil {
		return nil, nil, fmt.Errorf("its header: %w", err)
	}
	type named struct {
		name string
		tensorInfo
	}
	var infos []named
	for name, raw := range entries {
		if name == "__metadata__" {
			if err := json.Unmarshal(raw, &metadata); err != nil {
				return nil, nil, fmt.Errorf("its metadata: %w", err)
			}
			continue
		}
		t := named{name: name}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&t.tensorInfo); err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		infos = append(infos, t)
	}
	slices.SortFunc(infos, func(a, b named) int {
		if c := a.Offsets[0] - b.Offsets[0]; c != 0 {
			return c
		}
		if c := a.Offsets[1] - b.Offsets[1]; c != 0 {
			return c
		}
		return bytes.Compare([]byte(a.name), []byte(b.name))
	})
	at := 0
	for _, t := range infos {
		if t.Offsets[0] != at || t.Offsets[1] < at || t.Offsets[1] > len(data) {
			return nil, nil, fmt.Errorf("tensor %q lies at %v of %d bytes", t.name, t.Offsets, len(data))
		}
		at = t.Offsets[1]
		raw := data[t.Offsets[0]:t.Offsets[1]]
		size := map[string]int{"F32": 4, "U8": 1}[t.DType]
		if size == 0 {
			return nil, nil, fmt.Errorf("tensor %q: type %q is not known", t.name, t.DType)
		}
		count := 1
		for _, d := range t.Shape {
			if d < 0 || d > 0 && count > len(data)/d {
				return nil, nil, fmt.Errorf("tensor %q: shape %v does not fit its %d bytes", t.name, t.Shape, len(raw))
			}
			count *= d
		}
		if count*size != len(raw) {
			return nil, nil, fmt.Errorf("tensor %q: shape %v does not fit its %d bytes", t.name, t.Shape, len(raw))
		}
		b := blob{name: t.name, shape: t.Shape}
		if t.DType == "U8" {
			b.b = bytes.Clone(raw)
			if b.b == nil {
				b.b = []byte{}
			}
		} else {
			b.f = floats(raw)
		}
		tensors = append(tensors, b)
	}
	if at != len(data) {
		return nil, nil, fmt.Errorf("%d bytes follow its tensors", len(data)-at)
	}
	if want, ok := metadata[sealKey]; ok {
		if err := verify(header, data, want); err != nil {
			return nil, nil, err
		}
		delete(metadata, sealKey)
	}
	return tensors, metadata, nil
}

func appendFloats(dst []byte, f []float32) []byte {
	for _, v := range f {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
	}
	return dst
}

func floats(raw []byte) []float32 {
	f := make([]float32, len(raw)/4)
	for i := range f {
		f[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return f
}

// HashParams is the SHA-256, in hexadecimal, of the little-endian bytes of w: equal exactly when all bits are.
func HashParams(w []float32) string {
	sum := sha256.Sum256(appendFloats(make([]byte, 0, 4*len(w)), w))
	return hex.EncodeToString(sum[:])
}
