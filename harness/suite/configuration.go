package suite

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Configuration is one choice of parameters of an optimizer: a trial without its seed.
type Configuration struct {
	// Key identifies the resolved parameters, whatever the order or form they were written in.
	Key string
	// Label names what varies, as in "lr=0.1 rho=0.05"; empty when the optimizer has a single configuration.
	Label string
	// Params are all parameters of the plugin with defaults written in: float64, int64, bool or string, as the plugin
	// declares them. Not to be modified.
	Params map[string]any
}

// Configurations lists the configurations of o on w, at least one, in an order that depends on the names and values of
// the parameters only: parameters in alphabetical order, the last one fastest, values in the order of the file; for a
// list, the order of the list; for a search, the order in which they are drawn, of which more trials draw more.
func (s *Suite) Configurations(_ *Workload, o *Optimizer) []Configuration { return o.configurations }

// expand computes the configurations of o.
func expand(o *Optimizer, tuning Tuning) []Configuration {
	var choices []map[string]any
	switch {
	case len(o.List) > 0:
		choices = o.List
	case len(o.Space) > 0:
		choices = sample(tuning.Method, o.Space, tuning.Trials)
	default:
		choices = []map[string]any{{}}
		for _, axis := range o.Grid {
			var next []map[string]any
			for _, c := range choices {
				for _, v := range axis.Values {
					with := maps.Clone(c)
					with[axis.Param] = v
					next = append(next, with)
				}
			}
			choices = next
		}
	}
	out := make([]Configuration, len(choices))
	for i, c := range choices {
		params := maps.Clone(o.Params)
		if params == nil {
			params = map[string]any{}
		}
		maps.Copy(params, c)
		_, key := identify(params)
		out[i] = Configuration{Key: key[:16], Params: params}
	}
	varying := varying(out)
	for i := range out {
		out[i].Label = label(out[i].Params, varying)
	}
	return out
}

// varying is the sorted list of parameters that have more than one value.
func varying(cs []Configuration) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(cs[0].Params)) {
		for _, c := range cs[1:] {
			if c.Params[name] != cs[0].Params[name] {
				names = append(names, name)
				break
			}
		}
	}
	return names
}

func label(params map[string]any, names []string) string {
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = n + "=" + FormatValue(params[n])
	}
	return strings.Join(parts, " ")
}

// FormatValue is how parameter values are shown to people: the shorter of 0.05 and 5e-2, without losing a digit.
func FormatValue(v any) string {
	switch v := v.(type) {
	case float64:
		plain := strconv.FormatFloat(v, 'f', -1, 64)
		short := trimExponent(strconv.FormatFloat(v, 'e', -1, 64))
		if len(short) < len(plain) {
			return short
		}
		return plain
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case string:
		return v
	}
	return ""
}

// trimExponent turns 5e-04 into 5e-4 and 1e+05 into 1e5.
func trimExponent(s string) string {
	mantissa, exponent, ok := strings.Cut(s, "e")
	if !ok {
		return s
	}
	sign := ""
	if exponent[0] == '-' {
		sign = "-"
	}
	return mantissa + "e" + sign + strings.TrimLeft(exponent[1:], "0")
}
