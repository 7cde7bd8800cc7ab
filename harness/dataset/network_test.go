//go:build network

package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

// TestFetchForReal brings the published data over the network into the cache, which BENCH_CACHE names and which may be
// an empty folder.
func TestFetchForReal(t *testing.T) {
	dir, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := Fetch(t.Context(), "cifar10", FetchOptions{Progress: t.Output()}); err != nil {
		t.Fatal(err)
	}
	for _, f := range cifar10.files {
		b, err := os.ReadFile(filepath.Join(dir, "cifar10", f.name))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		got := hex.EncodeToString(sum[:])
		t.Logf("%s %d bytes, sha256 %s", f.name, len(b), got)
		if got != f.sha256 {
			t.Errorf("%s: expected %s", f.name, f.sha256)
		}
	}
	for _, name := range []string{"mnist", "fashion-mnist"} {
		if err := Fetch(t.Context(), name, FetchOptions{Progress: t.Output()}); err != nil {
			t.Error(err)
		}
		if err := Verify(name); err != nil {
			t.Error(err)
		}
	}
	d, err := Load("cifar10")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("digest %s, training classes %v, test classes %v", d.Digest, d.Train.count(10), d.Test.count(10))
}

// TestCIFAR10 looks at the data that TestFetchForReal has brought.
func TestCIFAR10(t *testing.T) {
	d, err := Load("cifar10")
	if err != nil {
		t.Fatal(err)
	}
	if d.Train.Len() != 50000 || d.Test.Len() != 10000 {
		t.Fatalf("%d training and %d test images", d.Train.Len(), d.Test.Len())
	}
	// The channel statistics that every recipe for CIFAR-10 prints.
	n := d.Normalizer()
	for k, want := range []float32{0.4914, 0.4822, 0.4465} {
		if diff := n.Mean[k] - want; diff > 6e-5 || diff < -6e-5 {
			t.Errorf("mean of channel %d: %v, want %v", k, n.Mean[k], want)
		}
	}
	for k, want := range []float32{0.2470, 0.2435, 0.2616} {
		if diff := n.Std[k] - want; diff > 6e-5 || diff < -6e-5 {
			t.Errorf("standard deviation of channel %d: %v, want %v", k, n.Std[k], want)
		}
	}
}

// TestMNISTs looks at what TestFetchForReal has brought: the statistics that every recipe prints, and the domains.
func TestMNISTs(t *testing.T) {
	for name, want := range map[string][2]float32{"mnist": {0.1307, 0.3081}, "fashion-mnist": {0.2860, 0.3530}} {
		d, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if d.Train.Len() != 60000 || d.Test.Len() != 10000 {
			t.Errorf("%s: %d + %d images", name, d.Train.Len(), d.Test.Len())
		}
		n := d.Normalizer()
		for i, got := range []float32{n.Mean[0], n.Std[0]} {
			if diff := got - want[i]; diff > 6e-5 || diff < -6e-5 {
				t.Errorf("%s: %v, want %v", name, got, want[i])
			}
		}
	}
	for _, spec := range []Spec{{Name: "colored-mnist", HoldOut: "-90%"}, {Name: "rotated-mnist", HoldOut: "75"}} {
		d, err := Make(spec)
		if err != nil {
			t.Fatal(err)
		}
		sizes := make([]int, len(d.Groups))
		for _, g := range d.Train.Groups {
			sizes[g]++
		}
		t.Logf("%s: %v", spec.Name, sizes)
		if d.Train.Len() != 70000 {
			t.Errorf("%s: %d images", spec.Name, d.Train.Len())
		}
	}
}
