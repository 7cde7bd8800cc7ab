package dataset

// About says what a data set may be used for.
type About struct {
	Terms string // the licence, or what its authors ask for
	Home  string // where its authors describe it
	// Unhashed lists files whose hash nobody has published: they are recognised by their size and content, and later by the
	// hash they had when they were fetched.
	Unhashed []string
}

// Describe returns what is known about a data set besides its content.
func Describe(name string) (About, error) {
	s, err := lookup(name)
	if err != nil {
		return About{}, err
	}
	return s.about(), nil
}

// State is what is in the cache of a data set.
type State struct {
	Digest string
	Train  int // images, or rows of a series
	Test   int
	Shape  []int // of an image, or the channels of a series
	Made   bool  // nothing is known before a suite says how it is made
}

// Inspect returns what is in the cache of a data set. Its errors are Load's.
func Inspect(name string) (State, error) {
	s, err := lookup(name)
	if err != nil {
		return State{}, err
	}
	if s.maker != nil {
		if _, err := s.load(); err != errMade {
			return State{}, err
		}
		return State{Made: true}, nil
	}
	if s.published == nil {
		d, err := s.load()
		if err != nil {
			return State{}, err
		}
		return d.state(), nil
	}
	content, digest, err := s.published.content()
	if err != nil {
		return State{}, err
	}
	out := State{Digest: digest}
	switch c := content.(type) {
	case *Data:
		out = c.state()
		out.Digest = digest
	case *Series:
		out.Train, out.Test, out.Shape = c.Train+c.Validation, c.Test, []int{len(c.Columns)}
	}
	return out, nil
}

func (d *Data) state() State {
	return State{Digest: d.Digest, Train: d.Train.Len(), Test: d.Test.Len(), Shape: []int{d.Train.H, d.Train.W, d.Train.C}}
}
