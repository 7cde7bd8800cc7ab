//go:build python && unix

package python_test

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/engine"
)

// manyTensors is a layout of n tensors of one element.
func manyTensors(n int) []engine.Tensor {
	tensors := make([]engine.Tensor, n)
	for i := range tensors {
		tensors[i] = engine.Tensor{Name: fmt.Sprintf("layer%d.some.rather.long.weight", i), Kind: engine.Weight, Shape: []int{1}, Offset: i}
	}
	return tensors
}
