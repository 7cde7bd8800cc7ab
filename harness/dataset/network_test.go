package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

// BENCH_TEST_FETCH=DIR fetches the real data, over the network, into the cache DIR, which may be an empty folder.
func TestFetchForReal(t *testing.T) {
	dir := os.Getenv("BENCH_TEST_FETCH")
	if dir == "" {
		t.Skip("BENCH_TEST_FETCH is not set: no network")
	}
	t.Setenv("BENCH_CACHE", dir)
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
	d, err := Load("cifar10")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("digest %s, training classes %v, test classes %v", d.Digest, d.Train.count(10), d.Test.count(10))
}
