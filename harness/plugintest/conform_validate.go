package plugintest

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

// mostSlots is how many vectors of the parameters' length a plugin may ask for before it counts as a mistake.
const mostSlots = 64

var validateChecks = []Check{
	{ID: "V1", Level: Must, Reason: "its defaults are valid",
		run: func(s *subject) error {
			d, _, err := s.validate(nil)
			return wanted(d, err, 0)
		}},
	{ID: "V2", Level: Must, Reason: "a number outside its declared range is a diagnostic that names the parameter",
		run: func(s *subject) error {
			tried := 0
			for _, p := range s.info.Params {
				for _, v := range outside(p) {
					tried++
					d, _, err := s.validate(map[string]any{p.Name: v})
					if err := wanted(d, err, 1, p.Name); err != nil {
						return fmt.Errorf("%s = %v: %w", p.Name, v, err)
					}
				}
			}
			if tried == 0 {
				return skip("no parameter declares a range")
			}
			return nil
		}},
	{ID: "V3", Level: Must, Reason: "two bad parameters are two diagnostics: all at once, not one by one",
		run: func(s *subject) error {
			bad := map[string]any{}
			for _, p := range s.info.Params {
				if v := outside(p); len(v) > 0 && len(bad) < 2 {
					bad[p.Name] = v[0]
				}
			}
			if len(bad) < 2 {
				return skip("fewer than two parameters declare a range")
			}
			var names []string
			for name := range bad {
				names = append(names, name)
			}
			d, _, err := s.validate(bad)
			return wanted(d, err, 2, names...)
		}},
	{ID: "V4", Level: Must, Reason: "a parameter it does not have is a diagnostic",
		run: func(s *subject) error {
			d, _, err := s.validate(map[string]any{"no_such_parameter": 1.0})
			return wanted(d, err, 1, "no_such_parameter")
		}},
	{ID: "V5", Level: Must, Reason: "values of a wrong type and empty strings are diagnostics, not a crash",
		run: func(s *subject) error {
			tried := 0
			for _, p := range s.info.Params {
				var wrong []any
				switch p.Type {
				case "float", "int":
					wrong = []any{"seven", true, ""}
				case "bool":
					wrong = []any{3.5, "yes"}
				case "string":
					wrong = []any{1.5}
					if len(p.Choices) > 0 {
						wrong = append(wrong, "no such choice")
						if !slices.Contains(p.Choices, "") {
							wrong = append(wrong, "")
						}
					}
				}
				for _, v := range wrong {
					tried++
					d, _, err := s.validate(map[string]any{p.Name: v})
					if err := wanted(d, err, 1, p.Name); err != nil {
						return fmt.Errorf("%s = %#v: %w", p.Name, v, err)
					}
				}
			}
			if tried == 0 {
				return skip("it has no parameters")
			}
			return nil
		}},
	{ID: "V6", Level: Must, Reason: "the slots it asks for depend on the request alone, and are not many",
		run: func(s *subject) error {
			_, first, err := s.validate(nil)
			if err != nil {
				return err
			}
			_, second, err := s.validate(nil)
			if err != nil {
				return err
			}
			if !reflect.DeepEqual(first, second) {
				return fmt.Errorf("first %v, then %v", first, second)
			}
			if len(first) > mostSlots {
				return fmt.Errorf("%d slots: expected at most %d", len(first), mostSlots)
			}
			return nil
		}},
}

// validate asks the plugin about parameters for the small net. One process answers all such questions.
func (s *subject) validate(params map[string]any) ([]pluginhost.Diagnostic, []pluginhost.Slot, error) {
	m, err := s.measurement(1)
	if err != nil {
		return nil, nil, err
	}
	m.Problem.Auxiliary = s.info.Kind == pluginhost.KindOptimizer
	return s.ask(m.Problem, params)
}

func (s *subject) ask(problem pluginhost.Problem, params map[string]any) ([]pluginhost.Diagnostic, []pluginhost.Slot, error) {
	if s.asked == nil {
		p, err := s.launch(pluginhost.LaunchOptions{})
		if err != nil {
			return nil, nil, err
		}
		s.asked = p
	}
	return s.asked.Validate(s.ctx, problem, params)
}

// wanted checks that there are diagnostics for exactly these parameters; with none, that there is none at all.
func wanted(d []pluginhost.Diagnostic, err error, least int, names ...string) error {
	if err != nil {
		return err
	}
	if len(names) == 0 && len(d) > 0 {
		return fmt.Errorf("diagnostics %v", d)
	}
	if len(d) < least {
		return fmt.Errorf("%d diagnostics, expected %d: %v", len(d), least, d)
	}
	for _, name := range names {
		found := false
		for _, x := range d {
			found = found || x.Param == name || strings.Contains(x.Message, name)
		}
		if !found {
			return fmt.Errorf("no diagnostic names %s: %v", name, d)
		}
	}
	return nil
}

// outside lists values beyond the declared range of a parameter.
func outside(p pluginhost.Param) []any {
	var out []any
	add := func(v float64) {
		if p.Type == "int" {
			out = append(out, int64(v))
		} else {
			out = append(out, v)
		}
	}
	if p.Min != nil {
		add(math.Floor(*p.Min) - 1)
		if p.MinOpen {
			add(*p.Min)
		}
	}
	if p.Max != nil && *p.Max < 1e15 {
		add(math.Ceil(*p.Max) + 1)
		if p.MaxOpen {
			add(*p.Max)
		}
	}
	return out
}
