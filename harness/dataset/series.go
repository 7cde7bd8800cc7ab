package dataset

import (
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"
)

// Series is a time series of several channels, one row a step of time.
type Series struct {
	Name    string
	Columns []string
	Start   time.Time // of the first row; UTC
	Step    time.Duration
	Values  []float64 // rows × len(Columns)
	Digest  string    // of columns, times and values
	// Rows of the parts in order, from the first row on. Rows behind them are not used.
	Train, Validation, Test int
}

// Len is the number of rows.
func (s *Series) Len() int { return len(s.Values) / len(s.Columns) }

// ETT, the electricity transformer temperatures of H. Zhou and others, "Informer: Beyond efficient transformer for long
// sequence time-series forecasting", AAAI 2021: six loads and the temperature of the oil of two transformers, every hour
// (ETTh1, ETTh2) or every quarter of one (ETTm1, ETTm2), from July 2016 on. Nobody has published SHA-256 sums of the files:
// they are recognised by their columns, their times and their number of rows.
var (
	ettH1 = newETT("etth1", "ETTh1.csv", 1)
	ettH2 = newETT("etth2", "ETTh2.csv", 1)
	ettM1 = newETT("ettm1", "ETTm1.csv", 4)
	ettM2 = newETT("ettm2", "ETTm2.csv", 4)
)

var ettColumns = []string{"HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"}

const (
	ettHours    = 17420
	ettMonth    = 30 * 24 // hours
	ettTrain    = 12 * ettMonth
	ettEach     = 4 * ettMonth
	ettTimes    = "2006-01-02 15:04:05"
	maxETTBytes = 64 << 20
)

var ettStart = time.Date(2016, time.July, 1, 0, 0, 0, 0, time.UTC)

// newETT is one of the four files, with perHour rows an hour.
func newETT(name, csvName string, perHour int) *published {
	return &published{
		name:  name,
		about: About{Terms: "CC BY-ND 4.0, H. Zhou and others", Home: "https://github.com/zhouhaoyi/ETDataset"},
		files: []file{{name: csvName}}, noun: "its file " + csvName, folders: []string{"ETT-small", "ETT", "dataset"},
		hosts: []host{
			at("https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/", remote{url: csvName}),
		},
		begin: func() (any, reading) {
			s := &Series{
				Name: name, Columns: ettColumns, Start: ettStart, Step: time.Hour / time.Duration(perHour),
				Train: ettTrain * perHour, Validation: ettEach * perHour, Test: ettEach * perHour,
			}
			return s, reading{
				take:    []func(io.Reader) error{func(in io.Reader) error { return s.readCSV(io.LimitReader(in, maxETTBytes), ettTimes) }},
				meaning: func() error { return s.check(ettHours * perHour) },
				digest:  s.digest,
			}
		},
	}
}

// readCSV reads lines of a time and a value for each column; the first line names them.
func (s *Series) readCSV(in io.Reader, layout string) error {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		return short(err)
	}
	if want := append([]string{"date"}, s.Columns...); !slices.Equal(head, want) {
		return fmt.Errorf("its columns are %q: expected %q", head, want)
	}
	for n := 0; ; n++ {
		fields, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err // says the line
		}
		at, err := time.ParseInLocation(layout, fields[0], time.UTC)
		if err != nil {
			return fmt.Errorf("line %d: %w", n+2, err)
		}
		if want := s.Start.Add(time.Duration(n) * s.Step); !at.Equal(want) {
			return fmt.Errorf("line %d is of %s: expected %s, a row every %s", n+2, fields[0], want.Format(layout), s.Step)
		}
		for k, f := range fields[1:] {
			v, err := strconv.ParseFloat(f, 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("line %d, %s: %q is not a number", n+2, s.Columns[k], f)
			}
			s.Values = append(s.Values, v)
		}
	}
}

func (s *Series) check(rows int) error {
	if s.Len() != rows {
		return fmt.Errorf("%d rows: expected %d", s.Len(), rows)
	}
	return nil
}

func (s *Series) digest() string {
	b := fmt.Appendf(nil, "bench series 1\n%q %d %d\n", s.Columns, s.Start.Unix(), s.Step)
	for _, v := range s.Values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return hashText(string(b))
}

// LoadSeries returns a time series: one of SeriesNames. Its errors are Load's.
func LoadSeries(name string) (*Series, error) {
	s, err := lookup(name)
	if err != nil {
		return nil, err
	}
	if s.published == nil {
		return nil, fmt.Errorf("%s is no time series: expected one of %q", name, SeriesNames())
	}
	content, digest, err := s.published.content()
	if err != nil {
		return nil, err
	}
	out, ok := content.(*Series)
	if !ok {
		return nil, fmt.Errorf("%s is no time series: expected one of %q", name, SeriesNames())
	}
	out.Digest = digest
	return out, nil
}

// Scaler standardises channels: (v − Mean) / Std.
type Scaler struct{ Mean, Std []float64 }

// Scaler returns the mean and the population standard deviation (divided by n, not n − 1) of each channel over the training
// rows alone: what comes later must not be known. A channel that is constant there gets standard deviation 1.
func (s *Series) Scaler() Scaler {
	d := len(s.Columns)
	out := Scaler{make([]float64, d), make([]float64, d)}
	for c := range d {
		var sum, squares float64
		for t := range s.Train {
			sum += s.Values[t*d+c]
		}
		mean := sum / float64(s.Train)
		for t := range s.Train {
			diff := s.Values[t*d+c] - mean
			squares += float64(diff * diff)
		}
		std := math.Sqrt(squares / float64(s.Train))
		if std == 0 {
			std = 1
		}
		out.Mean[c], out.Std[c] = mean, std
	}
	return out
}

// Windows are the examples of one part: Length rows of every channel and the Horizon rows after them, one window a row. A
// window is a view: many of them overlap.
type Windows struct {
	Channels, Length, Horizon int
	values                    []float32 // of the part and the rows before it that its first window needs
	n                         int
}

// Len is the number of windows.
func (w *Windows) Len() int { return w.n }

// Input is the Length × Channels standardised values of window i, row by row. It must not be modified.
func (w *Windows) Input(i int) []float32 {
	return w.values[i*w.Channels : (i+w.Length)*w.Channels : (i+w.Length)*w.Channels]
}

// Target is the Horizon × Channels values that follow Input(i). It must not be modified.
func (w *Windows) Target(i int) []float32 {
	from := (i + w.Length) * w.Channels
	to := from + w.Horizon*w.Channels
	return w.values[from:to:to]
}

// Forecast is a series cut for forecasting.
type Forecast struct {
	Scaler
	Train, Validation, Test Windows
}

// Forecast cuts the series as the ETT benchmark does: every channel is standardised with the training rows' mean and
// deviation; the windows of the validation and the test part begin length rows before the part, so that their first target
// is its first row. There are rows − length − horizon + 1 windows of the training part and rows − horizon + 1 of the others.
func (s *Series) Forecast(length, horizon int) (Forecast, error) {
	d := len(s.Columns)
	switch {
	case length < 1 || horizon < 1:
		return Forecast{}, fmt.Errorf("%s: windows of %d rows and %d to forecast: both must be at least 1", s.Name, length, horizon)
	case s.Train+s.Validation+s.Test > s.Len():
		return Forecast{}, fmt.Errorf("%s: parts of %d, %d and %d rows are more than its %d", s.Name, s.Train, s.Validation, s.Test, s.Len())
	case length+horizon > s.Train || horizon > s.Validation || horizon > s.Test:
		return Forecast{}, fmt.Errorf("%s: windows of %d rows and %d to forecast do not fit into parts of %d, %d and %d rows",
			s.Name, length, horizon, s.Train, s.Validation, s.Test)
	}
	f := Forecast{Scaler: s.Scaler()}
	scaled := make([]float32, len(s.Values))
	for i, v := range s.Values {
		scaled[i] = float32((v - f.Mean[i%d]) / f.Std[i%d])
	}
	cut := func(from, to int) Windows {
		return Windows{Channels: d, Length: length, Horizon: horizon, values: scaled[from*d : to*d : to*d], n: to - from - length - horizon + 1}
	}
	f.Train = cut(0, s.Train)
	f.Validation = cut(s.Train-length, s.Train+s.Validation)
	f.Test = cut(s.Train+s.Validation-length, s.Train+s.Validation+s.Test)
	return f, nil
}
