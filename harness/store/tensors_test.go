package store

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"testing"
)

// TestSafetensorsLayout compares with a file written down by hand from the format's description.
func TestSafetensorsLayout(t *testing.T) {
	// Header of 64 bytes ({"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}} and padding), then 1 and -2.
	header := `{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}        `
	data, _ := hex.DecodeString("0000803f" + "000000c0")
	file := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	file = append(file, data...)
	got, meta, err := decodeTensors(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := []blob{{name: "a", shape: []int{1, 2}, f: []float32{1, -2}}}; !reflect.DeepEqual(got, want) || meta != nil {
		t.Errorf("%+v, %v", got, meta)
	}

	out, err := encodeTensors(got, map[string]string{"k": "v"})
	if err != nil {
		t.Fatal(err)
	}
	n := int(binary.LittleEndian.Uint64(out))
	if (8+n)%8 != 0 || !bytes.Equal(out[8+n:], data) {
		t.Errorf("header of %d bytes, data %x", n, out[8+n:])
	}
	var entries map[string]any
	if err := json.Unmarshal(out[8:8+n], &entries); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"dtype": "F32", "shape": []any{1.0, 2.0}, "data_offsets": []any{0.0, 8.0}}
	if !reflect.DeepEqual(entries["a"], want) {
		t.Errorf("entry %v", entries["a"])
	}
	if m := entries["__metadata__"].(map[string]any); m["k"] != "v" || len(m["sha256"].(string)) != 64 {
		t.Errorf("metadata %v", m)
	}
}

func TestEncodeRefusesNonsense(t *testing.T) {
	for name, p := range map[string]*Params{
		"tensors too small": {Tensors: []Tensor{{"a", []int{1}}}, W: []float32{1, 2}},
		"tensors too large": {Tensors: []Tensor{{"a", []int{3}}}, W: []float32{1, 2}},
		"a name twice":      {Tensors: []Tensor{{"a", []int{1}}, {"a", []int{1}}}, W: []float32{1, 2}},
		"a reserved name":   {Tensors: []Tensor{{"bench.init", []int{2}}}, W: []float32{1, 2}},
		"the metadata":      {Tensors: []Tensor{{"__metadata__", []int{2}}}, W: []float32{1, 2}},
	} {
		if _, err := p.encode(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	p, err := (&Params{W: []float32{1, 2}}).encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decodeParams(p); err != nil || !reflect.DeepEqual(got.W, []float32{1, 2}) {
		t.Errorf("parameters without a layout: %+v, %v", got, err)
	}
}

func FuzzDecodeTensors(f *testing.F) {
	file, err := params().encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte{})
	f.Add(append(binary.LittleEndian.AppendUint64(nil, 1<<63), '{'))
	for _, header := range []string{
		`{}`, `{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}`,
		`{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}`,
		`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`,
		`{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}`, `{"a":null}`, `[]`,
	} {
		f.Add(append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), 0, 0, 0, 0))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		tensors, meta, err := decodeTensors(file)
		if err != nil {
			return
		}
		again, err := encodeTensors(tensors, meta)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if _, _, err := decodeTensors(again); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
	})
}

func FuzzUnseal(f *testing.F) {
	text, err := seal(result())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"sha256":"","record":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var r Result
		if unseal(text, &r) == nil {
			if _, err := seal(r); err != nil {
				t.Fatal(err)
			}
		}
	})
}
