package store

import (
	"bytes"
	"math"
	"testing"
)

// FuzzRecord reads records: whatever a file holds, it is a record that verifies, or an error.
func FuzzRecord(f *testing.F) {
	whole, err := seal(Result{Status: Done, Steps: 3, G: Float(math.Inf(1)), Privacy: &Privacy{Epsilon: 1}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(bytes.Replace(whole, []byte("3"), []byte("4"), 1))
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(`{"sha256":"","record":{}}`))
	f.Add([]byte("{\n  \"sha256\": \"\",\n  \"record\": \n}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var r Result
		if unseal(text, &r) != nil {
			return
		}
		again, err := seal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back Result
		if err := unseal(again, &back); err != nil {
			t.Fatalf("%v\n%s", err, again)
		}
	})
}

// FuzzTensors reads parameters and checkpoints.
func FuzzTensors(f *testing.F) {
	p := Params{W: []float32{1, 2}, Init: []float32{0, 0}}
	file, err := p.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add(file[:20])
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, file []byte) {
		tensors, _, err := decodeTensors(file)
		if err != nil {
			return
		}
		for _, x := range tensors {
			if x.bytes() > len(file) {
				t.Fatalf("%d bytes of tensor out of a file of %d", x.bytes(), len(file))
			}
		}
		decodeParams(file)
		decodeCheckpoint(file)
	})
}
