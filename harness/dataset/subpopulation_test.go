package dataset

import (
	"math"
	"slices"
	"testing"
)

func TestSubpopulationShares(t *testing.T) {
	im := Subpopulation(10000, 0.95, "t")
	var counts [4]int
	for i, g := range im.Groups {
		counts[g]++
		if im.Labels[i] != g/2 {
			t.Fatalf("example %d of group %s has class %d", i, subGroups[g], im.Labels[i])
		}
	}
	if counts != [4]int{4750, 250, 250, 4750} {
		t.Errorf("groups of %v", counts)
	}
	// The moments of each group, within five standard errors.
	for g := range 4 {
		y, a := float64(g/2*2-1), float64(g%2*2-1)
		for _, k := range []struct {
			at        int
			mean, std float64
		}{{0, y * 0.5, 1}, {4, y * 0.5, 1}, {5, a * 0.5, 0.5}, {9, a * 0.5, 0.5}, {10, 0, 1}, {99, 0, 1}} {
			var sum, squares, n float64
			for i := range im.Groups {
				if int(im.Groups[i]) == g {
					v := float64(im.Values[i*100+k.at])
					sum, squares, n = sum+v, squares+v*v, n+1
				}
			}
			mean := sum / n
			std := math.Sqrt(squares/n - mean*mean)
			if math.Abs(mean-k.mean) > 5*k.std/math.Sqrt(n) || math.Abs(std-k.std) > 5*k.std/math.Sqrt(2*n) {
				t.Errorf("group %d, feature %d: mean %v and deviation %v, want %v and %v", g, k.at, mean, std, k.mean, k.std)
			}
		}
	}
	if again := Subpopulation(10000, 0.95, "t"); !slices.Equal(again.Values, im.Values) {
		t.Error("another draw of the same name")
	}
}

// The closed form against classifiers that are run: the best one on a large draw, the core one, and limits that are known.
func TestSubpopulationBayes(t *testing.T) {
	c, s := math.Sqrt(5)*0.5, math.Sqrt(5.0) // ‖μ‖/σ of the core and of the spurious features
	phi := func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
	if b := SubpopulationBayes(0.5); math.Abs(b.Core-phi(-c)) > 1e-12 || math.Abs(b.Majority-b.Core) > 1e-9 || math.Abs(b.Minority-b.Core) > 1e-9 {
		t.Errorf("uncorrelated: %+v: the core features are all there is", b)
	}
	// When the attribute always goes with the class the features add up: Φ(−√(c²+s²)).
	if b := SubpopulationBayes(1 - 1e-15); math.Abs(b.Majority-phi(-math.Hypot(c, s))) > 1e-5 || b.Minority < 0.9 {
		t.Errorf("correlated: %+v, want a majority error of %v", b, phi(-math.Hypot(c, s)))
	}
	const n = 40000
	p := 0.95
	im := Subpopulation(n, 0.5, "bayes")
	var wrong, size [2]float64 // majority, minority
	for i := range im.Labels {
		x := im.Values[i*100 : (i+1)*100]
		var core, spurious float64
		for k := range 5 {
			core += float64(x[k]) * 0.5 * 2
			spurious += float64(x[5+k]) * 0.5 / 0.25 * 2
		}
		// log P(y=1|x)/P(y=−1|x) by Bayes' rule, from the densities.
		ratio := core + math.Log((p*math.Exp(spurious)+1-p)/(p+(1-p)*math.Exp(spurious)))
		g := im.Groups[i]
		minority := 0
		if g == 1 || g == 2 {
			minority = 1
		}
		size[minority]++
		if (ratio > 0) != (im.Labels[i] == 1) {
			wrong[minority]++
		}
	}
	b := SubpopulationBayes(p)
	for k, want := range []float64{b.Majority, b.Minority} {
		got := wrong[k] / size[k]
		if math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/size[k]) {
			t.Errorf("the best classifier is wrong in %v of the cases, the closed form says %v", got, want)
		}
	}
	if o := b.Overall(0.5); math.Abs(o-(b.Majority+b.Minority)/2) > 1e-15 {
		t.Errorf("overall %v", o)
	}
}
