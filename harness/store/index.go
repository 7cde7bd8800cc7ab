package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The index makes it quick to look at many finished trials: it holds what their records say, all together in a few files.
// It is nothing but a memory of verified records. Whatever is wrong with it, or newer than it, the records themselves are
// read; it can be deleted at any time. An entry counts only while the trial's folders are as old as they were, and records
// are put into folders by renaming, so that a new, replaced or removed one shows in the age of its folder.

// Records are the finished records of a trial: its result, evaluations and measurements, without log tails and specs.
type Records struct {
	result       *Result
	evaluations  []indexedEvaluation
	measurements []indexedMeasurement
}

type indexedEvaluation struct {
	Hash   [sha256.Size]byte
	Record Evaluation
}

type indexedMeasurement struct {
	Hash   [sha256.Size]byte
	Record Measurement
}

// Result returns the record of the training, which there is.
func (r *Records) Result() (*Result, bool, error) { return r.result, true, nil }

// Evaluation returns the record of an evaluation, or false if there is none. The error is always nil.
func (r *Records) Evaluation(_, hash string) (*Evaluation, bool, error) {
	want, ok := rawHash(hash)
	for i := range r.evaluations {
		if ok && r.evaluations[i].Hash == want {
			return &r.evaluations[i].Record, true, nil
		}
	}
	return nil, false, nil
}

// Measurement returns the record of a measurement, or false if there is none. The error is always nil.
func (r *Records) Measurement(_, hash string) (*Measurement, bool, error) {
	want, ok := rawHash(hash)
	for i := range r.measurements {
		if ok && r.measurements[i].Hash == want {
			return &r.measurements[i].Record, true, nil
		}
	}
	return nil, false, nil
}

func rawHash(text string) (h [sha256.Size]byte, ok bool) {
	n, err := hex.Decode(h[:], []byte(text[:min(len(text), 2*len(h))]))
	return h, err == nil && n == len(h)
}

// entry is a trial in the index.
type entry struct {
	ID           [sha256.Size]byte
	Age          age
	Result       Result
	Evaluations  []indexedEvaluation
	Measurements []indexedMeasurement
}

// age is when the folders of a trial last changed, in nanoseconds; 0 for one that is not there.
type age struct{ Trial, Evals, Metrics int64 }

func (t *Trial) age() age {
	at := func(path string) int64 {
		if st, err := os.Stat(path); err == nil {
			return st.ModTime().UnixNano()
		}
		return 0
	}
	a := age{Trial: at(t.dir)}
	if a.Trial != 0 {
		a.Evals, a.Metrics = at(t.path("evals")), at(t.path("metrics"))
	}
	return a
}

// settled reports whether so much time has passed that another change would show: clocks of file systems may have steps of
// a second or two.
func (a age) settled(now time.Time) bool {
	limit := now.Add(-3 * time.Second).UnixNano()
	return a.Trial < limit && a.Evals < limit && a.Metrics < limit
}

// Records returns the finished records of trials, in the order of ids; nil for a trial without a result. Damaged records
// are reported and left out, as everywhere.
func (s *Store) Records(ids []string) ([]*Records, error) {
	index := s.remembered()
	out := make([]*Records, len(ids))
	var fresh atomic.Int64
	var mu sync.Mutex
	var failed error
	parallel(len(ids), func(i int) {
		t := s.Trial(ids[i])
		id, _ := rawHash(ids[i])
		shard := &index[id[0]>>4]
		have := t.age()
		if have.Trial == 0 {
			return
		}
		if e := shard.find(id); e != nil && e.Age == have {
			out[i] = &Records{&e.Result, e.Evaluations, e.Measurements}
			return
		}
		r, err := t.records()
		if err != nil {
			mu.Lock()
			failed = err
			mu.Unlock()
			return
		}
		if r == nil {
			return
		}
		out[i] = r
		// What changes while it is looked at is not remembered.
		if have.settled(time.Now()) && t.age() == have {
			shard.add(entry{id, have, *r.result, r.evaluations, r.measurements})
			fresh.Add(1)
		}
	})
	if fresh.Load() > 0 {
		s.writeIndex(index)
	}
	return out, failed
}

// records reads the finished records of a trial from its folder; nil when it has no result.
func (t *Trial) records() (*Records, error) {
	result, ok, err := t.Result()
	if !ok || err != nil {
		return nil, err
	}
	result.LogTail = ""
	r := &Records{result: result}
	for _, name := range t.list("evals") {
		var e Evaluation
		if ok, err := t.store.read(t.path("evals", name), &e); err != nil {
			return nil, err
		} else if ok {
			hash, _ := rawHash(specHash(e.Spec))
			e.Spec, e.Provenance = nil, Provenance{}
			r.evaluations = append(r.evaluations, indexedEvaluation{hash, e})
		}
	}
	for _, name := range t.list("metrics") {
		var m Measurement
		if ok, err := t.store.read(t.path("metrics", name), &m); err != nil {
			return nil, err
		} else if ok {
			hash, _ := rawHash(specHash(m.Spec))
			m.Spec, m.Provenance = nil, Provenance{}
			r.measurements = append(r.measurements, indexedMeasurement{hash, m})
		}
	}
	return r, nil
}

// list names the records of a folder of the trial.
func (t *Trial) list(folder string) []string {
	entries, err := os.ReadDir(t.path(folder))
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".json") && !strings.HasPrefix(name, ".") {
			out = append(out, name)
		}
	}
	return out
}

// shard is a sixteenth of the index: the trials whose identity begins with one digit.
type shard struct {
	mu      sync.Mutex
	entries []entry
	by      map[[sha256.Size]byte]int
	changed bool
}

func (s *shard) find(id [sha256.Size]byte) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.by[id]; ok {
		return &s.entries[i]
	}
	return nil
}

// add puts an entry into the shard. Pointers that find returned before stay what they were.
func (s *shard) add(e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = true
	if s.by == nil {
		s.by = map[[sha256.Size]byte]int{}
	}
	s.by[e.ID] = len(s.entries)
	s.entries = append(s.entries, e)
}

type index [16]shard

func (s *Store) shardPath(i int) string {
	return filepath.Join(s.dir, "index", fmt.Sprintf("%x.gob", i))
}

// remembered is the index, read once.
func (s *Store) remembered() *index {
	s.indexed.Do(func() { s.index = s.readIndex() })
	return s.index
}

// readIndex reads what there is of the index. A shard that does not verify, or was written for other types, is empty.
func (s *Store) readIndex() *index {
	var all index
	parallel(len(all), func(i int) {
		text, err := os.ReadFile(s.shardPath(i))
		if err != nil || len(text) < len(indexFormat())+sha256.Size {
			return
		}
		format, body := text[:len(indexFormat())], text[len(indexFormat())+sha256.Size:]
		sum := sha256.Sum256(body)
		if string(format) != indexFormat() || !bytes.Equal(sum[:], text[len(format):len(text)-len(body)]) {
			return
		}
		var entries []entry
		if gob.NewDecoder(bytes.NewReader(body)).Decode(&entries) != nil {
			return
		}
		sh := &all[i]
		sh.entries, sh.by = entries, make(map[[sha256.Size]byte]int, len(entries))
		for j := range entries {
			sh.by[entries[j].ID] = j
		}
	})
	return &all
}

// writeIndex replaces the shards that have changed. That it cannot be written, as in a store that belongs to somebody else,
// costs time and nothing else.
func (s *Store) writeIndex(all *index) {
	s.indexing.Lock()
	defer s.indexing.Unlock()
	if os.MkdirAll(filepath.Join(s.dir, "index"), 0o777) != nil {
		return
	}
	sweep(filepath.Join(s.dir, "index"))
	parallel(len(all), func(i int) {
		sh := &all[i]
		sh.mu.Lock()
		defer sh.mu.Unlock()
		if !sh.changed {
			return
		}
		sh.changed = false
		var live []entry
		for j := range sh.entries {
			if sh.by[sh.entries[j].ID] == j {
				live = append(live, sh.entries[j])
			}
		}
		var body bytes.Buffer
		if gob.NewEncoder(&body).Encode(live) != nil {
			return
		}
		sum := sha256.Sum256(body.Bytes())
		path := s.shardPath(i)
		tmp := filepath.Join(s.dir, "index", temporaryName("index"))
		// Not synced: after a power cut it does not verify, and is made again.
		err := os.WriteFile(tmp, append(append([]byte(indexFormat()), sum[:]...), body.Bytes()...), 0o666)
		if err == nil {
			err = os.Rename(tmp, path)
		}
		if err != nil {
			os.Remove(tmp)
		}
	})
}

// indexFormat is a line that changes with the types that the index holds: gob would fill in zeros for what an older bench
// did not know.
var indexFormat = sync.OnceValue(func() string {
	var b strings.Builder
	describe(&b, reflect.TypeFor[entry](), map[reflect.Type]bool{})
	sum := sha256.Sum256([]byte(b.String()))
	return fmt.Sprintf("sharpbench index %x\n", sum[:16])
})

func describe(b *strings.Builder, t reflect.Type, seen map[reflect.Type]bool) {
	fmt.Fprintf(b, "%s %s ", t.Kind(), t)
	if seen[t] {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			fmt.Fprintf(b, "%s ", t.Field(i).Name)
			describe(b, t.Field(i).Type, seen)
		}
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
		describe(b, t.Elem(), seen)
	}
}

// parallel calls f for 0 to n-1, on all cores.
func parallel(n int, f func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}
