package store

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestIndex looks at trials through the index and without it: it must say the same, and notice every change.
func TestIndex(t *testing.T) {
	s, warned := open(t)
	tr := start(t, s)
	if err := tr.Finish(Result{Status: Done, Steps: 7}, params()); err != nil {
		t.Fatal(err)
	}
	evaluation := Evaluation{Spec: []byte(`{"split":"test"}`), Split: "test", Loss: 0.5, Errors: 3, Examples: 10}
	name, h := "test", specHash(evaluation.Spec)
	if err := tr.PutEvaluation(name, h, evaluation); err != nil {
		t.Fatal(err)
	}
	m := Measurement{Spec: []byte(`{"metric":"x"}`), Status: Done, Values: []Value{{Name: "x", Value: 2}}}
	if err := tr.PutMeasurement("x", specHash(m.Spec), m); err != nil {
		t.Fatal(err)
	}
	look := func(s *Store) *Records {
		t.Helper()
		found, err := s.Records([]string{hash("nothing"), tr.ID()})
		if err != nil || found[0] != nil {
			t.Fatal(found, err)
		}
		return found[1]
	}
	check := func(what string, r *Records) {
		t.Helper()
		if r == nil {
			t.Fatal(what, "no records")
		}
		res, _, _ := r.Result()
		e, ok, _ := r.Evaluation(name, h)
		x, found, _ := r.Measurement("x", specHash(m.Spec))
		if res.Steps != 7 || !ok || e.Errors != 3 || e.Loss != 0.5 || !found || x.Values[0].Value != 2 {
			t.Errorf("%s: %+v %+v %+v", what, res, e, x)
		}
		if _, ok, _ := r.Evaluation(name, hash("another")); ok {
			t.Errorf("%s: a record of something else", what)
		}
	}
	check("fresh", look(s))
	if _, err := os.Stat(filepath.Join(s.Dir(), "index")); err == nil {
		t.Error("a trial that has only just changed is in the index")
	}
	settle := func() {
		t.Helper()
		old := time.Now().Add(-time.Hour)
		for _, dir := range []string{"", "evals", "metrics"} {
			if err := os.Chtimes(tr.path(dir), old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	again := func() *Store {
		t.Helper()
		other, err := Open(s.Dir(), Options{Warn: func(err error) { t.Log(err) }})
		if err != nil {
			t.Fatal(err)
		}
		return other
	}
	settle()
	check("settled", look(again()))
	shards, _ := filepath.Glob(filepath.Join(s.Dir(), "index", "*.gob"))
	if len(shards) != 1 {
		t.Fatalf("index: %v", shards)
	}
	// What the index knows is not read again, until the folder changes.
	path := tr.derived("evals", name, h)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("not a record"), 0o666); err != nil {
		t.Fatal(err)
	}
	check("from the index", look(again()))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := look(again()).Evaluation(name, h); ok {
		t.Error("a removed record is still there")
	}
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	settle()
	// Whatever is wrong with the index, the records count.
	for i, damage := range []func(){
		func() { os.Truncate(shards[0], 40) },
		func() { os.WriteFile(shards[0], nil, 0o666) },
		func() {
			b, _ := os.ReadFile(shards[0])
			b[len(b)-3] ^= 1
			os.WriteFile(shards[0], b, 0o666)
		},
		func() {
			os.RemoveAll(filepath.Join(s.Dir(), "index"))
			os.WriteFile(filepath.Join(s.Dir(), "index"), nil, 0o666)
		},
	} {
		damage()
		check(fmt.Sprint("damage ", i), look(again()))
	}
	if len(*warned) > 0 {
		t.Error(*warned)
	}
}
