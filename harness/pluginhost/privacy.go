package pluginhost

import (
	"fmt"
	"maps"

	"github.com/sharpbench/sharpbench/harness/privacy"
)

// Privacy is an optimizer's claim to be differentially private: the names of the parameters that the accountant reads and
// sets, and how many noisy sums a step releases. See the message Privacy of the protocol.
type Privacy struct {
	Epsilon, Delta, Sigma, Clip string
	Releases                    int
}

func (p *Privacy) check(i Info) *Failure {
	if i.Kind != KindOptimizer || p.Releases < 1 {
		return violation("Describe: privacy is for optimizers with at least one release a step")
	}
	for _, name := range []string{p.Epsilon, p.Delta, p.Sigma, p.Clip} {
		ok := false
		for _, d := range i.Params {
			ok = ok || d.Name == name && d.Type == "float"
		}
		if !ok {
			return violation("Describe: privacy names the parameter %q: expected one of type float", name)
		}
	}
	return nil
}

// WithNoise is params as a run gets them: where an ε is asked for, the noise multiplier that the accountant finds for the
// problem's steps is written in. Other plugins' parameters are returned as they are. The error is *Invalid.
func (i Info) WithNoise(p Problem, params map[string]any) (map[string]any, error) {
	if i.Privacy == nil {
		return params, nil
	}
	all := i.complete(params)
	epsilon, delta := number(all[i.Privacy.Epsilon]), number(all[i.Privacy.Delta])
	// What else is wrong with the parameters the plugin says.
	if !(epsilon > 0) || !(delta > 0 && delta < 1) {
		return params, nil
	}
	bad := func(param, format string, args ...any) error {
		return &Invalid{Diagnostics: []Diagnostic{{Param: param, Message: fmt.Sprintf(format, args...)}}}
	}
	if p.Steps < 1 {
		return nil, bad(i.Privacy.Epsilon, "the noise for a target follows from the number of steps, which is not known here; give %s", i.Privacy.Sigma)
	}
	if p.Examples < 1 || p.BatchSize < 1 {
		return nil, bad(i.Privacy.Epsilon, "this workload has no examples to draw; give %s", i.Privacy.Sigma)
	}
	sigma, err := privacy.Sigma(epsilon, delta, p.Rate(), uint64(p.Steps), i.Privacy.Releases)
	if err != nil {
		return nil, bad(i.Privacy.Epsilon, "%v", err)
	}
	params = maps.Clone(params)
	if params == nil {
		params = map[string]any{}
	}
	params[i.Privacy.Sigma] = sigma
	return params, nil
}

// Rate is the probability with which a differentially private optimizer draws each example in a step.
func (p Problem) Rate() float64 { return min(1, float64(p.BatchSize)/float64(p.Examples)) }

// number is the value of a float parameter, which may be written as a whole number.
func number(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case int64:
		return float64(v)
	case int:
		return float64(v)
	}
	return 0
}
