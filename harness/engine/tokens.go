package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// mixTokens is y(o,c) = act(b(o) + Σ_t W(t,o) x(t,c)) for each example, with x and y as positions × channels.
type mixTokens struct {
	name         string
	in, out      Shape
	act          Activation
	weight, bias int // offsets of the parameters
}

// MixTokens adds a linear map over the positions, the same for every channel, with a bias per position of the output, and
// an activation: the token mixing of Tolstikhin et al., "MLP-Mixer: An all-MLP Architecture for Vision" (2021), which
// takes two of them, one from all positions to a number of hidden ones and one back. The output has height×width
// positions. Its parameters are name.weight (positions of the input × positions of the output, both row by row) and
// name.bias. ReLU is not among its activations.
func (b *Builder) MixTokens(name string, height, width int, act Activation) {
	in := b.Shape()
	if height < 1 || width < 1 {
		b.fail(name, "%d×%d positions: expected at least 1×1", height, width)
		return
	}
	switch act {
	case Identity, Tanh, GELU:
	default:
		b.fail(name, "activation %q: expected %s, %s or %s", act, Identity, Tanh, GELU)
		return
	}
	t, o := in.H*in.W, height*width
	l := &mixTokens{name: name, in: in, out: Shape{height, width, in.C}, act: act}
	l.weight = b.tensor(name+".weight", Weight, t, t, o)
	l.bias = b.tensor(name+".bias", Bias, t, o)
	b.net.layers = append(b.net.layers, l)
	b.weight++
}

func (l *mixTokens) shape() Shape { return l.out }

func (l *mixTokens) pads() (int, int) { return 0, 0 }

type mixTokensScratch struct {
	product        kernel.Product
	z              []float32 // what goes into the activation, of the batch where it is needed again
	minus, ones    []float32 // one element an output position: the bias negated, and 1
	dz, transposed []float32 // an example; the latter channels × positions
	sums, db       []float64 // one element an output position
	x, y, dy, dx   dense
	rz             []float32 // tangents of z, of the batch
	curve, rdz     []float32 // an example
	rx, ry, rdy    dense
	rdx            dense
}

func (l *mixTokens) scratch(old any, n int, what need) any {
	size, o := l.out.Len(), l.out.H*l.out.W
	s, _ := old.(*mixTokensScratch)
	if s == nil {
		s = &mixTokensScratch{minus: kernel.Alloc(o), ones: kernel.Alloc(o)}
		fill32(s.ones, 1)
	}
	s.z = grow(s.z, n*size)
	if what&needBackward != 0 {
		s.dz, s.transposed = grow(s.dz, size), grow(s.transposed, size)
		s.sums, s.db = make([]float64, o), make([]float64, o)
	}
	if what&needTangent != 0 {
		s.rz = grow(s.rz, n*size)
		s.curve, s.rdz = grow(s.curve, size), grow(s.rdz, size)
	}
	return s
}

func fill32(x []float32, v float32) {
	for i := range x {
		x[i] = v
	}
}

func (l *mixTokens) weights(w []float32) []float32 {
	return w[l.weight : l.weight+l.in.H*l.in.W*l.out.H*l.out.W]
}

func (l *mixTokens) biases(w []float32) []float32 { return w[l.bias : l.bias+l.out.H*l.out.W] }

// example returns example i of values of the batch.
func (l *mixTokens) example(z []float32, i int) []float32 {
	size := l.out.Len()
	return z[i*size : (i+1)*size]
}

// multiply computes y = Wᵀ x for one example, or adds it.
func (l *mixTokens) multiply(s *mixTokensScratch, w, x, y []float32, add bool) {
	p, o, c := &s.product, l.out.H*l.out.W, l.in.C
	p.M, p.N, p.K, p.Segs, p.Rep = o, c, l.in.H*l.in.W, 1, 1
	p.A, p.RowA, p.ColA = w, 1, o
	p.B, p.RowB = x, c
	p.C, p.RowC, p.Add = y, c, add
	p.Run()
}

// addBias adds the bias in w, prepared by negate, to the rows of y.
func (l *mixTokens) addBias(s *mixTokensScratch, y []float32) {
	kernel.Standardise(y, l.in.C, s.minus, s.ones, y)
}

// negate prepares the bias in w for addBias, which subtracts.
func (l *mixTokens) negate(s *mixTokensScratch, w []float32) {
	for j, v := range l.biases(w) {
		s.minus[j] = -v
	}
}

func (l *mixTokens) forward(ws *workspace, x, y *activation) {
	s := ws.scratch.(*mixTokensScratch)
	l.negate(s, ws.w)
	for i := range x.n {
		out := s.y.room(y, i)
		z := out
		if l.act != Identity {
			k := 0
			if ws.keep {
				k = i
			}
			z = l.example(s.z, k)
		}
		l.multiply(s, l.weights(ws.w), s.x.load(x, i), z, false)
		l.addBias(s, z)
		if l.act != Identity {
			l.act.of(out, z)
		}
		s.y.store(y, i, out)
	}
}

// gradActivation returns the gradient before the activation of example i.
func (l *mixTokens) gradActivation(s *mixTokensScratch, i int, dy *activation) []float32 {
	d := s.dy.load(dy, i)
	if l.act == Identity {
		return d
	}
	dz := s.dz[:len(d)]
	l.act.grad(dz, l.example(s.z, i))
	kernel.Multiply(dz, d)
	return dz
}

// gradWeights stores the gradient of the weights by one example in dw, or adds it.
func (l *mixTokens) gradWeights(s *mixTokensScratch, x, dz, dw []float32, add bool) {
	p, o, c := &s.product, l.out.H*l.out.W, l.in.C
	kernel.Transpose(dz, o, c, c, 1, s.transposed, o)
	p.M, p.N, p.K, p.Segs, p.Rep = l.in.H*l.in.W, o, c, 1, 1
	p.A, p.RowA, p.ColA = x, c, 1
	p.B, p.RowB = s.transposed, o
	p.C, p.RowC, p.Add = dw, o, add
	p.Run()
}

// sumBias adds the gradient of the bias by one example to s.db.
func (l *mixTokens) sumBias(s *mixTokensScratch, dz []float32) {
	kernel.RowSums(dz, l.in.C, s.sums)
	for j, v := range s.sums {
		s.db[j] += v
	}
}

func (s *mixTokensScratch) storeBias(db []float32) {
	for j, v := range s.db {
		db[j] = float32(v)
	}
}

// gradInput computes dx = W dz for one example, or adds it.
func (l *mixTokens) gradInput(s *mixTokensScratch, w, dz, dx []float32, add bool) {
	p, o, c := &s.product, l.out.H*l.out.W, l.in.C
	p.M, p.N, p.K, p.Segs, p.Rep = l.in.H*l.in.W, c, o, 1, 1
	p.A, p.RowA, p.ColA = w, o, 1
	p.B, p.RowB = dz, c
	p.C, p.RowC, p.Add = dx, c, add
	p.Run()
}

func (l *mixTokens) backward(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*mixTokensScratch)
	clear(s.db)
	for i := range x.n {
		dz := l.gradActivation(s, i, dy)
		if ws.grad != nil {
			l.gradWeights(s, s.x.load(x, i), dz, l.weights(ws.grad), i > 0)
			l.sumBias(s, dz)
		}
		if dx != nil {
			to := s.dx.room(dx, i)
			l.gradInput(s, l.weights(ws.w), dz, to, false)
			s.dx.store(dx, i, to)
		}
	}
	if ws.grad != nil {
		s.storeBias(l.biases(ws.grad))
	}
}
