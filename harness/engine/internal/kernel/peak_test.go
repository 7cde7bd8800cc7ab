package kernel

import "testing"

func BenchmarkPeak(b *testing.B) {
	for _, isa := range isas() {
		b.Run(isa.String(), func(b *testing.B) {
			defer Use(isa)()
			var flops float64
			for b.Loop() {
				flops += Peak(1000)
			}
			b.ReportMetric(flops/b.Elapsed().Seconds()*1e-9, "GFLOP/s")
		})
	}
}
