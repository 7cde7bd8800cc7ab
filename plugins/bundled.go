// Package plugins lists the optimizers and metrics that come with the program.
package plugins

import (
	"fmt"

	"github.com/sharpbench/sharpbench/plugins/metrics/barrier"
	"github.com/sharpbench/sharpbench/plugins/metrics/batchsharpness"
	"github.com/sharpbench/sharpbench/plugins/metrics/classhessian"
	"github.com/sharpbench/sharpbench/plugins/metrics/coherence"
	"github.com/sharpbench/sharpbench/plugins/metrics/directional"
	"github.com/sharpbench/sharpbench/plugins/metrics/eos"
	"github.com/sharpbench/sharpbench/plugins/metrics/firstorder"
	"github.com/sharpbench/sharpbench/plugins/metrics/fisherrao"
	"github.com/sharpbench/sharpbench/plugins/metrics/gfs"
	"github.com/sharpbench/sharpbench/plugins/metrics/gradients"
	"github.com/sharpbench/sharpbench/plugins/metrics/gradnorm"
	"github.com/sharpbench/sharpbench/plugins/metrics/hessian"
	"github.com/sharpbench/sharpbench/plugins/metrics/msharpness"
	"github.com/sharpbench/sharpbench/plugins/metrics/mupslope"
	"github.com/sharpbench/sharpbench/plugins/metrics/oodbound"
	"github.com/sharpbench/sharpbench/plugins/metrics/opposing"
	"github.com/sharpbench/sharpbench/plugins/metrics/pacbayes"
	"github.com/sharpbench/sharpbench/plugins/metrics/pspentropy"
	"github.com/sharpbench/sharpbench/plugins/metrics/relativeflatness"
	"github.com/sharpbench/sharpbench/plugins/metrics/samgap"
	"github.com/sharpbench/sharpbench/plugins/metrics/sparsity"
	"github.com/sharpbench/sharpbench/plugins/metrics/spectrum"
	"github.com/sharpbench/sharpbench/plugins/metrics/trace"
	"github.com/sharpbench/sharpbench/plugins/metrics/transfer"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adamw"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adasap"
	"github.com/sharpbench/sharpbench/plugins/optimizers/asam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/bloop"
	"github.com/sharpbench/sharpbench/plugins/optimizers/conadv"
	"github.com/sharpbench/sharpbench/plugins/optimizers/coordclip"
	"github.com/sharpbench/sharpbench/plugins/optimizers/dnsam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/dpsam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/dpsat"
	"github.com/sharpbench/sharpbench/plugins/optimizers/dpsgd"
	"github.com/sharpbench/sharpbench/plugins/optimizers/ea"
	"github.com/sharpbench/sharpbench/plugins/optimizers/fsam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/gam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/lamb"
	"github.com/sharpbench/sharpbench/plugins/optimizers/lars"
	"github.com/sharpbench/sharpbench/plugins/optimizers/looksam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/msam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/o2nc"
	"github.com/sharpbench/sharpbench/plugins/optimizers/proxlinear"
	"github.com/sharpbench/sharpbench/plugins/optimizers/proxskip"
	"github.com/sharpbench/sharpbench/plugins/optimizers/prune"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/samon"
	"github.com/sharpbench/sharpbench/plugins/optimizers/selfdistill"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sso"
	"github.com/sharpbench/sharpbench/plugins/optimizers/tvlars"
	"github.com/sharpbench/sharpbench/plugins/optimizers/usam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/zofw"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// bundled is the one list. Each entry is an sdk.Optimizer, an sdk.Stepper or an sdk.Metric; its name is that of its
// Info. To add a plugin, add a folder and a line.
var bundled = []any{
	sgd.Optimizer{},
	adam.Optimizer{},
	adamw.Optimizer{},
	sam.Optimizer{},
	usam.Optimizer{},
	dnsam.Optimizer{},
	asam.Optimizer{},
	msam.Optimizer{},
	gam.Optimizer{},
	looksam.Optimizer{},
	dpsgd.Optimizer{},
	dpsat.Optimizer{},
	dpsam.Optimizer{},
	coordclip.Optimizer{},
	samon.Optimizer{},
	fsam.Optimizer{},
	bloop.Optimizer{},
	lars.Optimizer{},
	lamb.Optimizer{},
	tvlars.Optimizer{},
	prune.Optimizer{},
	sso.Optimizer{},
	proxlinear.Optimizer{},
	o2nc.Optimizer{},
	zofw.Optimizer{},
	conadv.Optimizer{},
	adasap.Optimizer{},
	selfdistill.Optimizer{},
	proxskip.Optimizer{},
	ea.Optimizer{},

	gradnorm.Metric{},
	gradients.Metric{},
	msharpness.Metric{},
	hessian.Metric{},
	trace.Metric{},
	spectrum.Metric{},
	directional.Metric{},
	batchsharpness.Metric{},
	fisherrao.Metric{},
	samgap.Metric{},
	barrier.Metric{},
	firstorder.Metric{},
	classhessian.Metric{},
	eos.Metric{},
	gfs.Metric{},
	pacbayes.Metric{},
	relativeflatness.Metric{},
	coherence.Metric{},
	opposing.Metric{},
	sparsity.Metric{},
	pspentropy.Metric{},
	mupslope.Metric{},
	oodbound.Metric{},
	transfer.Metric{},
}

var names, byName = index(bundled)

// index panics on two plugins of one name: a mistake in the list that no run could make up for.
func index(list []any) ([]string, map[string]any) {
	names, byName := make([]string, 0, len(list)), make(map[string]any, len(list))
	for _, p := range list {
		name := p.(interface{ Info() sdk.Info }).Info().Name
		if byName[name] != nil {
			panic(fmt.Sprintf("plugins: two bundled plugins are named %q: %T and %T", name, byName[name], p))
		}
		names, byName[name] = append(names, name), p
	}
	return names, byName
}

// Names returns the names of the bundled plugins in the order of the list: optimizers, then metrics.
func Names() []string { return append([]string(nil), names...) }

// Lookup returns the bundled plugin of that name, for sdk.Serve: an sdk.Optimizer, an sdk.Stepper or an sdk.Metric.
func Lookup(name string) (any, bool) {
	p, ok := byName[name]
	return p, ok
}
