package dataset

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// linearForecast is the toy of Ilbert et al. ("SAMformer", 2024): series of standard normal values and targets that are one
// linear map of the times of each series, the same for all, plus standard normal noise. The mean squared error of the best
// forecast is 1 (noise²); least squares on n examples comes to 1 + length/(n·series).
var linearForecast = &maker{
	name:    "linear-forecast",
	terms:   About{Terms: "made by the program: " + "forecasts that are a linear map of the past: the best mean squared error is noise²", Home: "docs/shifts.md"},
	numeric: true,
	options: append([]Option{
		{Name: "series", Default: 7, Min: 1, Max: 1024, Whole: true, Help: "series of an example"},
		{Name: "length", Default: 96, Min: 1, Max: 8192, Whole: true, Help: "times seen"},
		{Name: "horizon", Default: 16, Min: 1, Max: 8192, Whole: true, Help: "times to forecast"},
		{Name: "noise", Default: 1, Min: 0, Max: 1000, Help: "standard deviation of the targets' noise"},
		{Name: "held", Default: 5000, Min: 1, Max: 1 << 22, Whole: true, Help: "validation examples, fixed"},
	}, sizeOptions(10000, 2000)...),
	make: func(s Spec) (*Data, error) {
		o := options(s.Options)
		l, h := o.int("length"), o.int("horizon")
		w := make([]float32, l*h)
		rng.Normal(w, uint64(o["draw"]), "linear-forecast/weights", 0, 1)
		n := o.int("examples")
		return &Data{
			Raw: true, Train: forecastPart(o, w, "train", n+o.int("held")), Test: forecastPart(o, w, "test", o.int("test")), Fixed: n,
		}, nil
	},
}

func forecastPart(o options, w []float32, part string, n int) Images {
	d, l, h := o.int("series"), o.int("length"), o.int("horizon")
	x, y := make([]float32, n*d*l), make([]float32, n*d*h)
	rng.Normal(x, uint64(o["draw"]), "linear-forecast/"+part, 0, 1)
	rng.Normal(y, uint64(o["draw"]), "linear-forecast/"+part, 1, o["noise"])
	sums := make([]float64, h)
	for k := range n * d {
		clear(sums)
		for t, v := range x[k*l : (k+1)*l] {
			for j, c := range w[t*h : (t+1)*h] {
				sums[j] += float64(v) * float64(c)
			}
		}
		for j, s := range sums {
			y[k*h+j] += float32(s)
		}
	}
	return numbers(1, d, l, d*h, x, y)
}

// windowOptions say how a series is cut for forecasting.
var windowOptions = []Option{
	{Name: "length", Default: 512, Min: 1, Max: 1 << 16, Whole: true, Help: "times seen"},
	{Name: "horizon", Default: 96, Min: 1, Max: 1 << 16, Whole: true, Help: "times to forecast"},
}

// cut makes the examples of a series: windows as positions × times, one position a series.
func (s Spec) cut() (*Data, error) {
	series, err := LoadSeries(s.Name)
	if err != nil {
		return nil, err
	}
	length, horizon := int(s.Options["length"]), int(s.Options["horizon"])
	f, err := series.Forecast(length, horizon)
	if err != nil {
		return nil, err
	}
	d := len(series.Columns)
	part := func(all ...*Windows) Images {
		n := 0
		for _, w := range all {
			n += w.Len()
		}
		x, y := make([]float32, 0, n*d*length), make([]float32, 0, n*d*horizon)
		for _, w := range all {
			for i := range w.Len() {
				x, y = turned(x, w.Input(i), d), turned(y, w.Target(i), d)
			}
		}
		return numbers(1, d, length, d*horizon, x, y)
	}
	return &Data{
		Name: s.Name, Raw: true, Fixed: f.Train.Len(), Train: part(&f.Train, &f.Validation), Test: part(&f.Test),
		Digest: hashText(fmt.Sprintf("bench windows 1\n%s %d %d", series.Digest, length, horizon)),
	}, nil
}

// turned appends rows of so many channels channel by channel.
func turned(to, rows []float32, channels int) []float32 {
	for c := range channels {
		for t := c; t < len(rows); t += channels {
			to = append(to, rows[t])
		}
	}
	return to
}
