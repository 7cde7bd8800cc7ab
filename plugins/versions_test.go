package plugins

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/harness/rng"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// bilevel gives a workload the auxiliary objective ½|w|².
type bilevel struct{ oracle.Workload }

// HasAuxiliary implements oracle.Bilevel.
func (bilevel) HasAuxiliary() bool { return true }

// Grad implements oracle.Workload.
func (b bilevel) Grad(batch oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	if !o.Auxiliary {
		return b.Workload.Grad(batch, w, out, o)
	}
	copy(out, w)
	return oracle.Eval{Examples: 1, G: 1}, nil
}

// telling are parameters with which more shows of an optimizer than with its defaults, on a problem this small.
var telling = map[string]map[string]any{
	"msam":        {"m": 2},
	"dpsgd":       {"clip": 5.0, "sigma": 0.5},
	"dpsat":       {"clip": 5.0, "sigma": 0.5, "rho": 0.3},
	"dpsam":       {"clip": 5.0, "sigma": 0.5, "rho": 0.3},
	"coordclip":   {"k": 0.5},
	"proxlinear":  {"model": "proximal_point", "lr": 5.0},
	"selfdistill": {"every": 2},
}

// trajectory hashes 12 steps of an optimizer on a logistic regression whose parameters are of all kinds.
func trajectory(t *testing.T, plugin any) uint64 {
	t.Helper()
	const n, d, batch, steps = 24, 8, 6, 12
	r := rng.New(1, "versions", 0)
	x, y := make([][]float64, n), make([]int, n)
	for i := range x {
		x[i], y[i] = make([]float64, d), 1
		for j := range x[i] {
			x[i][j] = math.Round(8*r.Norm()) / 8
		}
		if r.Float64() < 0.5 {
			y[i] = -1
		}
	}
	work := plugintest.Logistic(x, y, batch)
	name := plugin.(interface{ Info() sdk.Info }).Info().Name
	if name == "bloop" {
		work = bilevel{work}
	}
	init := make([]float32, d)
	for j := range init {
		init[j] = float32(j%5)/4 - 0.5
	}
	path, err := sdktest.Train(plugin, sdktest.Case{
		Workload: work, Init: init, Steps: steps, Seed: 1, Params: telling[name],
		LRScale: func(k uint64) float64 { return 1 - float64(k)/24 },
		Problem: sdk.Problem{Examples: n, BatchSize: batch, StepsPerEpoch: n / batch, Classes: 2, InputLen: d, Tensors: []sdk.Tensor{
			{Name: "a.weight", Kind: sdk.KindWeight, Shape: []int{1, 3}, FanIn: 1, Prunable: true},
			{Name: "norm.scale", Kind: sdk.KindNormScale, Shape: []int{1}, Offset: 3},
			{Name: "norm.shift", Kind: sdk.KindNormShift, Shape: []int{1}, Offset: 4},
			{Name: "b.weight", Kind: sdk.KindWeight, Layer: 1, Shape: []int{1, 2}, Offset: 5, FanIn: 1, Prunable: true},
			{Name: "b.bias", Kind: sdk.KindBias, Layer: 1, Shape: []int{1}, Offset: 7, FanIn: 1},
		}},
	})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	h := fnv.New64a()
	var b [4]byte
	for _, w := range path {
		for _, v := range w {
			binary.LittleEndian.PutUint32(b[:], math.Float32bits(v))
			h.Write(b[:])
		}
	}
	return h.Sum64()
}

// Stored trainings of a version are used again. When this fails for a good reason, raise the version in the plugin's Info and
// record both anew.
func TestVersionsOfTrajectories(t *testing.T) {
	recorded := map[string]struct {
		version int
		hash    uint64
	}{
		"sgd":         {1, 0x239fe84753a826b8},
		"adam":        {1, 0x5275d5544b0c901},
		"adamw":       {1, 0xb01a9960e1541ac8},
		"sam":         {1, 0x46cc5b10e78df676},
		"usam":        {1, 0xbe5ceff4d6e2c6d7},
		"dnsam":       {1, 0x213264fafd568739},
		"asam":        {1, 0x1f82f9d30db510c3},
		"msam":        {1, 0x28ee147b40f9ea90},
		"gam":         {1, 0xda8f7c1c4491303e},
		"looksam":     {1, 0xd7a91a6375450378},
		"dpsgd":       {1, 0x33251fba6371ea31},
		"dpsat":       {1, 0x86418c5b32e02ae},
		"dpsam":       {1, 0x959b52de339dfeab},
		"coordclip":   {1, 0xfc83271f30edbb14},
		"samon":       {1, 0x3342a898645b319f},
		"fsam":        {1, 0xedc8f613d67ea8d0},
		"bloop":       {1, 0x34d0bbff128f00a8},
		"lars":        {1, 0xe22be8cbad10f022},
		"lamb":        {1, 0x40a23117f995f212},
		"tvlars":      {1, 0x6ac95f19e434d4ec},
		"prune":       {1, 0x6b81cc50e5a34d3e},
		"sso":         {1, 0xfb64f3890db1eed},
		"proxlinear":  {2, 0x5ab8765eae9a1149},
		"o2nc":        {1, 0xb54e21d64d29c860},
		"zofw":        {2, 0x7e691045c7bb592b},
		"conadv":      {1, 0x9a0ec5143cce16b0},
		"adasap":      {1, 0xa812202ab3bb1104},
		"selfdistill": {1, 0x600f3144d74263b6},
		"proxskip":    {2, 0xf4192d7e747bb58d},
		"ea":          {1, 0x176026e82b09b155},
	}
	for _, name := range Names() {
		p, _ := Lookup(name)
		if _, metric := p.(sdk.Metric); metric {
			continue
		}
		version := p.(interface{ Info() sdk.Info }).Info().Version
		if got, want := trajectory(t, p), recorded[name]; got != want.hash || version != want.version {
			t.Errorf("%q: {%d, %#x}, and recorded is {%d, %#x}", name, version, got, want.version, want.hash)
		}
	}
}
