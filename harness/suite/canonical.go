package suite

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Canonical returns the one JSON text of v: keys sorted, no white space, numbers in their shortest form that reads
// back as the same float64, no difference between 0 and -0 or between an int and a float of the same value. It fails on
// values that JSON cannot hold, such as NaN.
func Canonical(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one JSON value")
	}
	var b bytes.Buffer
	writeCanonical(&b, tree)
	return b.Bytes(), nil
}

func writeCanonical(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case map[string]any:
		b.WriteByte('{')
		for i, k := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b.WriteByte(',')
			}
			writeText(b, k)
			b.WriteByte(':')
			writeCanonical(b, v[k])
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeCanonical(b, e)
		}
		b.WriteByte(']')
	case json.Number:
		if v == "-0" {
			v = "0"
		}
		b.WriteString(v.String())
	case string:
		writeText(b, v)
	case bool:
		fmt.Fprintf(b, "%t", v)
	default:
		b.WriteString("null")
	}
}

// writeText writes a JSON string without the escapes that only HTML needs.
func writeText(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string can always be encoded
	}
	b.Truncate(b.Len() - 1) // Encode ends with a newline
}

// identify is the canonical text of a value made by this package, and its hash. Only values that Load has checked get
// here, so a failure is a mistake of the caller.
func identify(v any) (text []byte, hash string) {
	text, err := Canonical(v)
	if err != nil {
		panic("suite: no canonical form: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return text, hex.EncodeToString(sum[:])
}
