package proxskip

import (
	"testing"

	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
)

// The plugin runs as a process of its own in every test: this binary, started again.
func TestMain(m *testing.M) { golden.Main(m, Optimizer{}, sgd.Optimizer{}) }

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

func TestDegenerates(t *testing.T) { golden.Degenerates(t, Optimizer{}.Info()) }
