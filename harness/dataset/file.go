package dataset

import (
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// userFile is a table of the user's: features and a class. It is one of
//
//   - a .csv file whose last column is the class and whose others are numbers; a first line that is not numbers names them;
//   - a .safetensors file with x (n × features, n × height × width or n × height × width × channels) and y (n), or with
//     train_x, train_y, test_x and test_y;
//   - a folder with train.csv and test.csv, or with those arrays as .npy files.
//
// Where there is no test part it is a fifth of the rows: of each class, drawn once, or with order = "time" the last ones.
// Arrays of bytes are pixels, any others are features as they are; both are normalised by the training part.
var userFile = &maker{
	name: "file", terms: About{Terms: "yours", Home: "docs/shifts.md"},
	check: func(s Spec) map[string]string {
		out := needsPath(s)
		if s.Order != "" && !slices.Contains(Orders(), s.Order) {
			if out == nil {
				out = map[string]string{}
			}
			out["order"] = fmt.Sprintf("order %q: expected one of %q", s.Order, Orders())
		}
		return out
	},
	make: func(s Spec) (*Data, error) { return readTable(s.Path, s.Order == "time") },
}

// columns is a part of a table while it is read: features of one shape and the classes by name.
type columns struct {
	Images
	classes []string // of each example, until they are numbered
}

func readTable(path string, byTime bool) (*Data, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	var parts []*columns
	switch {
	case !info.IsDir() && strings.EqualFold(filepath.Ext(path), ".csv"):
		var c *columns
		if c, err = readCSVTable(path); err == nil {
			parts = []*columns{c}
		}
	case !info.IsDir() && strings.EqualFold(filepath.Ext(path), ".safetensors"):
		parts, err = readTensors(path)
	case info.IsDir() && exists(filepath.Join(path, "train.csv")):
		for _, name := range []string{"train.csv", "test.csv"} {
			var c *columns
			if c, err = readCSVTable(filepath.Join(path, name)); err != nil {
				break
			}
			parts = append(parts, c)
		}
	case info.IsDir():
		parts, err = readArrays(path)
	default:
		err = fmt.Errorf("%s: expected a .csv or .safetensors file, or a folder with train.csv and test.csv or with x.npy and y.npy", path)
	}
	if err != nil {
		return nil, err
	}
	d := &Data{Name: "file"}
	if err := d.number(parts); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, p := range parts[1:] {
		if a, b := &parts[0].Images, &p.Images; a.H != b.H || a.W != b.W || a.C != b.C || (a.Values == nil) != (b.Values == nil) {
			return nil, fmt.Errorf("%s: the training part is of %d×%d×%d, the test part of %d×%d×%d", path, a.H, a.W, a.C, b.H, b.W, b.C)
		}
	}
	switch {
	case len(parts) == 2:
		d.Train, d.Test = parts[0].Images, parts[1].Images
	case byTime:
		n := parts[0].Len()
		idx := make([]int, n)
		for i := range idx {
			idx[i] = i
		}
		d.Train, d.Test = *parts[0].Select(idx[:n-n/5]), *parts[0].Select(idx[n-n/5:])
	default:
		d.cut(&parts[0].Images)
	}
	if d.Train.Len() == 0 || d.Test.Len() == 0 {
		return nil, fmt.Errorf("%s: %d training and %d test rows: too few", path, d.Train.Len(), d.Test.Len())
	}
	return d, nil
}

// number makes labels of the names of the classes: in the order of their numbers if all are whole numbers, otherwise of their
// names.
func (d *Data) number(parts []*columns) error {
	seen := map[string]bool{}
	whole := true
	for _, p := range parts {
		for _, c := range p.classes {
			if !seen[c] {
				seen[c] = true
				d.Classes = append(d.Classes, c)
				_, err := strconv.Atoi(c)
				whole = whole && err == nil
			}
		}
	}
	slices.SortFunc(d.Classes, func(a, b string) int {
		if whole {
			x, _ := strconv.Atoi(a)
			y, _ := strconv.Atoi(b)
			return x - y
		}
		return strings.Compare(a, b)
	})
	if n := len(d.Classes); n < 2 || n > 256 {
		return fmt.Errorf("%d classes: expected 2 to 256", n)
	}
	of := map[string]uint8{}
	for i, c := range d.Classes {
		of[c] = uint8(i)
	}
	for _, p := range parts {
		p.Labels = nil
		for _, c := range p.classes {
			p.Labels = append(p.Labels, of[c])
		}
		if err := p.check(len(d.Classes)); err != nil {
			return err
		}
	}
	return nil
}

func readCSVTable(path string) (*columns, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.ReuseRecord = true
	r.TrimLeadingSpace = true
	out := &columns{}
	for line := 1; ; line++ {
		fields, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if len(fields) < 2 {
			return nil, fmt.Errorf("%s: line %d has %d columns: expected numbers and a class", path, line, len(fields))
		}
		out.H, out.W, out.C = 1, 1, len(fields)-1
		row := make([]float32, 0, out.C)
		for i, s := range fields[:out.C] {
			v, err := strconv.ParseFloat(strings.TrimSpace(s), 32)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				if line == 1 {
					row = nil // it names the columns
					break
				}
				return nil, fmt.Errorf("%s: line %d, column %d: %q is not a number", path, line, i+1, s)
			}
			row = append(row, float32(v))
		}
		if row != nil {
			out.Values = append(out.Values, row...)
			out.classes = append(out.classes, fields[out.C])
		}
	}
	return out, nil
}

// array is an array of a .npy or .safetensors file.
type array struct {
	shape  []int
	bytes  []uint8   // nil unless the elements are bytes
	values []float32 // nil if they are
	whole  bool      // whole numbers
}

// wantParts are the names of arrays that make a table.
var wantParts = [][2]string{{"train_x", "train_y"}, {"test_x", "test_y"}}

// assemble makes the parts of a table of its arrays, which get gives: nil where there is none.
func assemble(path string, get func(name string) (*array, error)) ([]*columns, error) {
	names := wantParts
	if a, err := get("train_x"); err != nil {
		return nil, err
	} else if a == nil {
		names = [][2]string{{"x", "y"}}
	}
	var out []*columns
	for _, n := range names {
		var two [2]*array
		for i := range two {
			var err error
			if two[i], err = get(n[i]); err != nil {
				return nil, err
			}
			if two[i] == nil {
				return nil, fmt.Errorf("%s has no %s: expected x and y, or train_x, train_y, test_x and test_y", path, n[i])
			}
		}
		x, y := two[0], two[1]
		if len(x.shape) < 2 || len(x.shape) > 4 || len(y.shape) != 1 || y.shape[0] != x.shape[0] || !y.whole {
			return nil, fmt.Errorf("%s: %s of shape %v and %s of shape %v: expected n × features, or n × height × width (× channels), and n whole numbers",
				path, n[0], x.shape, n[1], y.shape)
		}
		c := &columns{Images: Images{H: 1, W: 1, C: x.shape[len(x.shape)-1], Pixels: x.bytes, Values: x.values}}
		switch len(x.shape) {
		case 3:
			c.H, c.W, c.C = x.shape[1], x.shape[2], 1
		case 4:
			c.H, c.W = x.shape[1], x.shape[2]
		}
		for i, v := range x.values {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("%s: element %d of %s is %v", path, i, n[0], v)
			}
		}
		for i := range x.shape[0] {
			v := 0
			if y.bytes != nil {
				v = int(y.bytes[i])
			} else {
				v = int(y.values[i])
			}
			c.classes = append(c.classes, strconv.Itoa(v))
		}
		out = append(out, c)
	}
	return out, nil
}

func readArrays(dir string) ([]*columns, error) {
	return assemble(dir, func(name string) (*array, error) {
		f, err := os.Open(filepath.Join(dir, name+".npy"))
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		defer f.Close()
		h, err := readNPYHead(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		a, err := readArray(f, h.descr, h.shape)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		return a, nil
	})
}

// maxElements is far more than fits into memory.
const maxElements = 1 << 34

// readArray reads the elements of an array of the given type, written as NumPy does.
func readArray(in io.Reader, descr string, shape []int) (*array, error) {
	h := npyHead{descr: descr, shape: shape}
	n := 1
	for _, s := range shape {
		if s < 0 || s > 0 && n > maxElements/s {
			return nil, fmt.Errorf("an array of shape %v is too large", shape)
		}
		n *= s
	}
	a := &array{shape: shape}
	switch {
	case descr == "|u1":
		a.whole, a.bytes = true, make([]uint8, n)
		_, err := io.ReadFull(in, a.bytes)
		return a, short(err)
	case descr == "<f4" || descr == "<f8":
		buf := make([]byte, h.width())
		for range n {
			if _, err := io.ReadFull(in, buf); err != nil {
				return nil, short(err)
			}
			v := float32(0)
			if len(buf) == 4 {
				v = math.Float32frombits(binary.LittleEndian.Uint32(buf))
			} else {
				v = float32(math.Float64frombits(binary.LittleEndian.Uint64(buf)))
			}
			a.values = append(a.values, v)
		}
		return a, nil
	}
	a.whole = true
	err := h.wholes(in, func(i int, v int64) error {
		if v > 1<<24 || v < -1<<24 {
			return fmt.Errorf("element %d is %d: whole numbers up to 2^24 are expected", i, v)
		}
		a.values = append(a.values, float32(v))
		return nil
	})
	return a, err
}

// safetensorTypes are the types of a .safetensors file that are read, as NumPy calls them.
var safetensorTypes = map[string]string{"U8": "|u1", "I8": "|i1", "I16": "<i2", "I32": "<i4", "I64": "<i8", "U16": "<u2", "U32": "<u4", "F32": "<f4", "F64": "<f8"}

func readTensors(path string) ([]*columns, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var size uint64
	if err := binary.Read(f, binary.LittleEndian, &size); err != nil {
		return nil, fmt.Errorf("%s: %w", path, short(err))
	}
	if size > 1<<24 {
		return nil, fmt.Errorf("%s is not a .safetensors file", path)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(f, text); err != nil {
		return nil, fmt.Errorf("%s: %w", path, short(err))
	}
	var head map[string]json.RawMessage
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("%s is not a .safetensors file: %w", path, err)
	}
	return assemble(path, func(name string) (*array, error) {
		raw, ok := head[name]
		if !ok {
			return nil, nil
		}
		var t struct {
			Type    string   `json:"dtype"`
			Shape   []int    `json:"shape"`
			Offsets [2]int64 `json:"data_offsets"`
		}
		if err := json.Unmarshal(raw, &t); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, name, err)
		}
		descr, ok := safetensorTypes[t.Type]
		if !ok {
			return nil, fmt.Errorf("%s: %s is of %s, which is not read", path, name, t.Type)
		}
		part := io.NewSectionReader(f, int64(8+size)+t.Offsets[0], t.Offsets[1]-t.Offsets[0])
		a, err := readArray(part, descr, t.Shape)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, name, err)
		}
		return a, nil
	})
}
