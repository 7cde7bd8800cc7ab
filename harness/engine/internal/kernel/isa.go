// Package kernel holds the inner loops of the engine: strided matrix products that also are the convolutions, and the
// passes of normalisation, ReLU and pooling. They are assembly for AVX2 with FMA and for AVX-512, written by the
// generator in gen/, and plain Go elsewhere (other processors, or the build tag purego).
package kernel

//go:generate sh -c "cd gen && go run . -out ../kernel_amd64.s -stubs ../kernel_amd64.go -pkg kernel && mv tables_amd64.go .. && gofmt -w ../tables_amd64.go"

// ISA is a set of instructions the routines are written in.
type ISA int

// The instruction sets, in rising order.
const (
	Plain  ISA = iota // Go
	AVX2              // with FMA
	AVX512            // the foundation subset
)

func (i ISA) String() string { return [...]string{"plain Go", "AVX2", "AVX-512"}[i] }

// isa is what the routines use. Only tests change it.
var isa = Best()

// Use makes the routines use instruction set i and returns the function that undoes it. It is for tests, and not safe
// while routines run. It panics when the machine lacks i.
func Use(i ISA) (restore func()) {
	if i > Best() {
		panic("kernel: this machine or build has no " + i.String())
	}
	old := isa
	isa = i
	return func() { isa = old }
}

// Current returns the instruction set in use.
func Current() ISA { return isa }
