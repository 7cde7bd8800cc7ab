package sdk

import "fmt"

// kind says what p is, as an Optimizer or a Metric.
func kind(p any) (Optimizer, Metric, error) {
	o, isOptimizer := p.(Optimizer)
	s, isStepper := p.(Stepper)
	m, isMetric := p.(Metric)
	switch {
	case isMetric && (isOptimizer || isStepper):
		return nil, nil, fmt.Errorf("%T is both an optimizer and a metric: a plugin is one of them", p)
	case isOptimizer && isStepper:
		return nil, nil, fmt.Errorf("%T has both Run and New: an optimizer is either a loop or a step", p)
	case isOptimizer:
		return o, nil, nil
	case isStepper:
		return FromStepper(s), nil, nil
	case isMetric:
		return nil, m, nil
	}
	return nil, nil, fmt.Errorf("%T is neither an sdk.Optimizer nor an sdk.Stepper nor an sdk.Metric", p)
}
