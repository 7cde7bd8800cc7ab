package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sharpbench/sharpbench/harness/oracle"
)

// open returns a store in a new folder and the list that its warnings go to.
func open(t *testing.T) (*Store, *[]error) {
	t.Helper()
	warnings := &[]error{}
	s, err := Open(filepath.Join(t.TempDir(), "bench"), Options{Warn: func(err error) { *warnings = append(*warnings, err) }})
	if err != nil {
		t.Fatal(err)
	}
	return s, warnings
}

// reopen is another process's view of the same folder.
func reopen(t *testing.T, s *Store) (*Store, *[]error) {
	t.Helper()
	warnings := &[]error{}
	again, err := Open(s.Dir(), Options{Warn: func(err error) { *warnings = append(*warnings, err) }})
	if err != nil {
		t.Fatal(err)
	}
	return again, warnings
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

const spec = `{"seed":1,"what":"<a & b>"}`

// start makes a trial that is being trained.
func start(t *testing.T, s *Store) *Trial {
	t.Helper()
	tr := s.Trial(hash(spec))
	log, err := tr.Start([]byte(spec))
	if err != nil {
		t.Fatal(err)
	}
	log.WriteString("first line\nsecond line\n")
	log.Close()
	return tr
}

func result() Result {
	return Result{
		Status: Done, Steps: 7, Epochs: 1.5, G: 14, TrainLoss: Float(math.NaN()),
		Bill:        oracle.Bill{Grad: 14, Loss: 1, Examples: 99, G: 14, Seconds: 0.25},
		HostSeconds: 0.1, PluginSecs: 0.2, WallSeconds: 0.4, TimeLimit: Float(math.Inf(1)),
		Provenance: Provenance{Version: "0.1", GoVersion: "go", Host: "h", CPU: "c", OS: "linux/amd64",
			Started: time.Date(2026, 11, 23, 1, 2, 3, 0, time.UTC), Ended: time.Date(2026, 11, 23, 1, 2, 4, 0, time.UTC)},
	}
}

func params() *Params {
	return &Params{
		Tensors: []Tensor{{"z.weight", []int{2, 2}}, {"a.bias", []int{2}}},
		W:       []float32{1, -2, float32(math.Inf(1)), math.Float32frombits(0x7fc00001), 5, math.SmallestNonzeroFloat32},
		Buffers: []float32{0, 1}, Init: []float32{6, 5, 4, 3, 2, 1}, Update: []float32{0, 0, 0, 0, 0, float32(math.Copysign(0, -1))},
	}
}

func bits(f []float32) []uint32 {
	var b []uint32
	for _, v := range f {
		b = append(b, math.Float32bits(v))
	}
	return b
}

func TestTrialRoundTrip(t *testing.T) {
	s, warnings := open(t)
	tr := s.Trial(hash(spec))
	if _, ok, err := tr.Result(); ok || err != nil {
		t.Fatalf("a trial that was never started has result %v, %v", ok, err)
	}
	if st, err := tr.Status(); err != nil || st != (Status{}) {
		t.Fatalf("status of a trial that was never started: %v, %v", st, err)
	}
	if _, err := os.Stat(s.Dir()); !os.IsNotExist(err) {
		t.Fatalf("reading made the store: %v", err)
	}
	start(t, s)
	if st, _ := tr.Status(); st.State != Running || st.PID != os.Getpid() {
		t.Errorf("status after Start: %+v", st)
	}
	if got := tr.LogTail(15); got != "second line\n" {
		t.Errorf("log tail = %q", got)
	}
	if got := tr.LogTail(1000); got != "first line\nsecond line\n" {
		t.Errorf("whole log = %q", got)
	}
	if err := tr.SaveCheckpoint(Checkpoint{Step: 3, W: []float32{1}}); err != nil {
		t.Fatal(err)
	}
	if err := tr.Finish(result(), params()); err != nil {
		t.Fatal(err)
	}

	other, otherWarnings := reopen(t, s)
	tr = other.Trial(tr.ID())
	r, ok, err := tr.Result()
	if !ok || err != nil {
		t.Fatalf("no result: %v", err)
	}
	want := result()
	want.ParamsSHA256 = HashParams(params().W)
	if !math.IsNaN(float64(r.TrainLoss)) {
		t.Errorf("train loss NaN came back as %v", r.TrainLoss)
	}
	if !math.IsNaN(float64(r.Norm)) { // of parameters that are not all numbers
		t.Errorf("norm %v", r.Norm)
	}
	r.TrainLoss, want.TrainLoss, r.Norm, want.Dim = 0, 0, 0, len(params().W)
	if n := Norm([]float32{3, 0, -4}); n != 5 {
		t.Errorf("norm of (3, 0, -4): %v", n)
	}
	if !reflect.DeepEqual(*r, want) {
		t.Errorf("result\n%+v, want\n%+v", *r, want)
	}
	p, err := tr.Params()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		name      string
		got, want []float32
	}{{"W", p.W, params().W}, {"Buffers", p.Buffers, params().Buffers}, {"Init", p.Init, params().Init}, {"Update", p.Update, params().Update}} {
		if !slices.Equal(bits(v.got), bits(v.want)) {
			t.Errorf("%s = %v, want %v bit for bit", v.name, v.got, v.want)
		}
	}
	if !reflect.DeepEqual(p.Tensors, params().Tensors) {
		t.Errorf("layout %v, want %v", p.Tensors, params().Tensors)
	}
	if _, err := os.Stat(tr.path("checkpoint")); !os.IsNotExist(err) {
		t.Errorf("the checkpoint is still there: %v", err)
	}
	if st, _ := tr.Status(); st.State != Done || st.Step != 7 {
		t.Errorf("status after Finish: %+v", st)
	}
	if got, ok, err := tr.Spec(); string(got) != spec || !ok || err != nil {
		t.Errorf("spec %s, %v, %v", got, ok, err)
	}
	if ids, err := other.Find(tr.ID()[:5]); err != nil || !slices.Equal(ids, []string{tr.ID()}) {
		t.Errorf("Find: %v, %v", ids, err)
	}
	if ids, err := other.Find("zz"); err != nil || ids != nil {
		t.Errorf("Find of a prefix that fits nothing: %v, %v", ids, err)
	}
	if len(*warnings)+len(*otherWarnings) > 0 {
		t.Errorf("warnings: %v %v", *warnings, *otherWarnings)
	}
	if err := tr.Reset(); err != nil {
		t.Fatal(err)
	}
	if ids, _ := other.Find(""); ids != nil {
		t.Errorf("after Reset there are still %v", ids)
	}
	if err := tr.Reset(); err != nil {
		t.Errorf("Reset of nothing: %v", err)
	}
}

func TestStartRefusesAnotherSpec(t *testing.T) {
	s, _ := open(t)
	if _, err := s.Trial(hash(spec)).Start([]byte(spec + " ")); err == nil {
		t.Fatal("a spec with another hash was stored under this identity")
	}
}

func TestDerivedRecords(t *testing.T) {
	s, warnings := open(t)
	tr := start(t, s)
	evalSpec := `{"kind":"evaluation","split":"test","x":"<>&"}`
	e := Evaluation{Spec: json.RawMessage(evalSpec), Split: "test", Loss: Float(math.Inf(1)), Errors: 3, Examples: 10, Seconds: 1}
	if err := tr.PutEvaluation("test", hash(evalSpec), e); err != nil {
		t.Fatal(err)
	}
	if err := tr.PutEvaluation("test", hash("other"), e); err == nil {
		t.Error("an evaluation was stored under another hash")
	}
	got, ok, err := tr.Evaluation("test", hash(evalSpec))
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if specHash(got.Spec) != hash(evalSpec) {
		t.Errorf("spec came back as %s", got.Spec)
	}
	got.Spec = e.Spec
	if !reflect.DeepEqual(*got, e) {
		t.Errorf("evaluation %+v, want %+v", *got, e)
	}
	if _, ok, err := tr.Evaluation("test", hash("other")); ok || err != nil {
		t.Errorf("an evaluation of something else: %v, %v", ok, err)
	}

	measureSpec := `{"kind":"measurement"}`
	m := Measurement{Spec: json.RawMessage(measureSpec), Status: Done, Seconds: 2, ExampleIDsHash: "ab", Bill: oracle.Bill{G: 3},
		Values: []Value{{Name: "a", Value: Float(math.Inf(-1)), StdErr: 0.5, HasStdErr: true, Warnings: []string{"w"}}, {Name: "b", Null: true, Reason: "no"}}}
	if err := tr.PutMeasurement("gradnorm", hash(measureSpec), m); err != nil {
		t.Fatal(err)
	}
	gotM, ok, err := tr.Measurement("gradnorm", hash(measureSpec))
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	gotM.Spec = m.Spec
	if !reflect.DeepEqual(*gotM, m) {
		t.Errorf("measurement %+v, want %+v", *gotM, m)
	}
	// A record that was copied under the name of another is not believed.
	if err := os.Rename(tr.derived("evals", "test", hash(evalSpec)), tr.derived("evals", "test", hash("other"))); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := tr.Evaluation("test", hash("other")); ok || err != nil || len(*warnings) != 1 {
		t.Errorf("a renamed record: %v, %v, warnings %v", ok, err, *warnings)
	}
}

// TestTornRecords cuts every kind of record at every byte and changes every third byte: what is read is either nothing, with a
// warning, or what was written.
func TestTornRecords(t *testing.T) {
	s, _ := open(t)
	tr := start(t, s)
	evalSpec := `{"k":1}`
	if err := tr.PutEvaluation("test", hash(evalSpec), Evaluation{Spec: json.RawMessage(evalSpec), Errors: 5, Examples: 10}); err != nil {
		t.Fatal(err)
	}
	if err := tr.SaveCheckpoint(Checkpoint{Step: 3, W: []float32{1, 2}, Blob: []byte("b"), Slots: map[string][]float32{"m": {3}}}); err != nil {
		t.Fatal(err)
	}
	checkpoint, err := os.ReadFile(tr.checkpointPath())
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.Finish(Result{Status: Done, Steps: 7}, params()); err != nil {
		t.Fatal(err)
	}
	os.MkdirAll(filepath.Dir(tr.checkpointPath()), 0o777)
	os.WriteFile(tr.checkpointPath(), checkpoint, 0o666)

	records := []struct {
		path string
		// read reports whether there is a record; it fails the test if there is one with wrong contents.
		read func(tr *Trial) bool
	}{
		{tr.path("result.json"), func(tr *Trial) bool {
			r, ok, err := tr.Result()
			if err != nil || ok && r.Steps != 7 {
				t.Fatalf("result %+v, %v", r, err)
			}
			return ok
		}},
		{tr.derived("evals", "test", hash(evalSpec)), func(tr *Trial) bool {
			e, ok, err := tr.Evaluation("test", hash(evalSpec))
			if err != nil || ok && e.Errors != 5 {
				t.Fatalf("evaluation %+v, %v", e, err)
			}
			return ok
		}},
		{tr.path("spec.json"), func(tr *Trial) bool {
			b, ok, err := tr.Spec()
			if err != nil || ok && string(b) != spec {
				t.Fatalf("spec %s, %v", b, err)
			}
			return ok
		}},
		{tr.path("status.json"), func(tr *Trial) bool {
			st, err := tr.Status()
			if err != nil || st != (Status{}) && st.State != Done {
				t.Fatalf("status %+v, %v", st, err)
			}
			return st != (Status{})
		}},
		{tr.path("params.safetensors"), func(tr *Trial) bool {
			p, err := tr.Params()
			if err != nil && !errors.Is(err, ErrNoParams) || err == nil && HashParams(p.W) != HashParams(params().W) {
				t.Fatalf("params %+v, %v", p, err)
			}
			return err == nil
		}},
		{tr.checkpointPath(), func(tr *Trial) bool {
			c, ok, err := tr.LoadCheckpoint()
			if err != nil || ok && (c.Step != 3 || c.W[1] != 2 || string(c.Blob) != "b" || c.Slots["m"][0] != 3) {
				t.Fatalf("checkpoint %+v, %v", c, err)
			}
			return ok
		}},
	}
	for _, rec := range records {
		name := filepath.Base(rec.path)
		whole, err := os.ReadFile(rec.path)
		if err != nil {
			t.Fatal(err)
		}
		check := func(what string, at int, content []byte) {
			if err := os.WriteFile(rec.path, content, 0o666); err != nil {
				t.Fatal(err)
			}
			again, warnings := reopen(t, s)
			there := rec.read(again.Trial(tr.ID()))
			if !there && len(*warnings) != 1 {
				t.Fatalf("%s %s at byte %d: missing with %d warnings", name, what, at, len(*warnings))
			}
			if there && what == "cut" && strings.TrimSpace(string(whole[at:])) != "" {
				t.Fatalf("%s cut at byte %d of %d was used", name, at, len(whole))
			}
		}
		for at := range whole {
			check("cut", at, whole[:at])
			if at%3 != 0 {
				continue
			}
			changed := bytes.Clone(whole)
			changed[at] ^= 0x04
			check("changed", at, changed)
		}
		if err := os.WriteFile(rec.path, whole, 0o666); err != nil {
			t.Fatal(err)
		}
		again, warnings := reopen(t, s)
		if !rec.read(again.Trial(tr.ID())) || len(*warnings) > 0 {
			t.Fatalf("%s restored: not read, warnings %v", name, *warnings)
		}
	}
}

// TestKilledFinish leaves what a process leaves that is killed between the steps of Finish.
func TestKilledFinish(t *testing.T) {
	s, _ := open(t)
	tr := start(t, s)
	if err := tr.SaveCheckpoint(Checkpoint{Step: 3, W: []float32{1}}); err != nil {
		t.Fatal(err)
	}
	file, err := params().encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.replace(tr.path("params.safetensors"), file); err != nil { // killed before the result
		t.Fatal(err)
	}
	os.WriteFile(tr.path(".tmp-result.json-00"), []byte("{"), 0o666) // killed within the result
	if _, ok, err := tr.Result(); ok || err != nil {
		t.Errorf("half a Finish is a result: %v, %v", ok, err)
	}
	if c, ok, err := tr.LoadCheckpoint(); !ok || err != nil || c.Step != 3 {
		t.Errorf("the checkpoint is gone: %v, %v", ok, err)
	}
	// Finish again, as a resumed run does; then lose the parameters.
	if err := tr.Finish(Result{Status: Done}, params()); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := tr.Result(); !ok {
		t.Fatal("not finished")
	}
	os.Remove(tr.path("params.safetensors"))
	if _, ok, err := tr.Result(); ok || err != nil {
		t.Errorf("a result without its parameters: %v, %v", ok, err)
	}
}

func TestFailedTrialHasNoParams(t *testing.T) {
	s, _ := open(t)
	tr := start(t, s)
	if err := tr.Finish(Result{Status: Failed, Reason: "plugin exited", LogTail: "panic"}, nil); err != nil {
		t.Fatal(err)
	}
	r, ok, err := tr.Result()
	if !ok || err != nil || r.ParamsSHA256 != "" || r.Reason != "plugin exited" {
		t.Errorf("%+v %v %v", r, ok, err)
	}
	if _, err := tr.Params(); !errors.Is(err, ErrNoParams) {
		t.Errorf("params of a failed trial: %v", err)
	}
}

func TestCheckpointRoundTrip(t *testing.T) {
	s, _ := open(t)
	tr := start(t, s)
	if _, ok, err := tr.LoadCheckpoint(); ok || err != nil {
		t.Fatal(ok, err)
	}
	want := Checkpoint{
		Step: 1 << 60, Blob: []byte{0, 1, 255}, W: []float32{1, 2, 3}, Prev: []float32{0, 2, 3}, Buffers: []float32{},
		Slots: map[string][]float32{"momentum": {7, 8, 9}, "z": {}}, Bill: oracle.Bill{Grad: 12, G: 12.5, Examples: 3},
		Counters: Counters{PluginSeconds: 1.25, WallSeconds: 3, TrainLoss: Float(math.Inf(1)), Attempts: 2},
	}
	for range 2 { // the second replaces the first
		if err := tr.SaveCheckpoint(want); err != nil {
			t.Fatal(err)
		}
	}
	got, ok, err := tr.LoadCheckpoint()
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("checkpoint\n%+v, want\n%+v", *got, want)
	}
	entries, _ := os.ReadDir(filepath.Dir(tr.checkpointPath()))
	if len(entries) != 1 {
		t.Errorf("the checkpoint folder holds %v", entries)
	}
}

func TestCurve(t *testing.T) {
	s, _ := open(t)
	tr := s.Trial(hash(spec))
	write := func(after uint64, steps ...uint64) {
		t.Helper()
		c, err := tr.Curve(after)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range steps {
			if err := c.Append(Point{Step: n, Loss: Float(math.NaN()), Scalars: map[string]Float{"norm": Float(n)}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	steps := func() (out []uint64) {
		t.Helper()
		points, err := tr.Points()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			out = append(out, p.Step)
		}
		return out
	}
	write(0, 1, 2, 3, 4)
	f, _ := os.OpenFile(tr.path("curve.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString(`{"step":5,"lo`) // killed within a line
	f.Close()
	if got := steps(); !slices.Equal(got, []uint64{1, 2, 3, 4}) {
		t.Errorf("a curve with a torn line reads %v", got)
	}
	write(3, 4, 5)
	if got := steps(); !slices.Equal(got, []uint64{1, 2, 3, 4, 5}) {
		t.Errorf("a curve resumed at 3 reads %v", got)
	}
	write(100, 101)
	if got := steps(); !slices.Equal(got, []uint64{1, 2, 3, 4, 5, 101}) {
		t.Errorf("a curve resumed at 100 reads %v", got)
	}
	write(0, 1)
	if got := steps(); !slices.Equal(got, []uint64{1}) {
		t.Errorf("a curve started again reads %v", got)
	}
}

func TestRuns(t *testing.T) {
	s, _ := open(t)
	var ids []string
	for range 2 {
		r, err := s.NewRun("cifar", strings.Repeat("7f3a", 16))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.SetManifest(map[string]int{"trials": 24}); err != nil {
			t.Fatal(err)
		}
		if err := r.Event(map[string]string{"phase": "done"}); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.ID())
	}
	if want := time.Now().Format("2006-01-02") + "-cifar-7f3a"; ids[0] != want && !strings.HasSuffix(ids[0], "-cifar-7f3a") || ids[1] != ids[0]+"-2" {
		t.Errorf("runs %v", ids)
	}
	got, err := s.Runs()
	if err != nil || !slices.Equal(got, ids) {
		t.Errorf("Runs() = %v, %v; want %v", got, err, ids)
	}
	var m map[string]int
	if ok, err := s.Manifest(ids[0], &m); !ok || err != nil || m["trials"] != 24 {
		t.Errorf("manifest %v, %v, %v", m, ok, err)
	}
}

func TestUnusableFolders(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o666)
	if _, err := Open(file, Options{}); err == nil || !strings.Contains(err.Error(), "--store") {
		t.Errorf("a file as a store: %v", err)
	}
	s, err := Open(filepath.Join(file, "below"), Options{})
	if err == nil {
		err = s.Writable()
	}
	if err == nil {
		t.Error("a store below a file is writable")
	}
	if s, err := Open(filepath.Join(dir, "good"), Options{}); err != nil {
		t.Error(err)
	} else if err := s.Writable(); err != nil {
		t.Error(err)
	} else if left, _ := os.ReadDir(filepath.Join(s.Dir(), "leases")); len(left) > 0 {
		t.Errorf("the check for writability left %v", left)
	} else if ignore, _ := os.ReadFile(filepath.Join(s.Dir(), ".gitignore")); string(ignore) != "*\n" {
		t.Errorf(".gitignore = %q", ignore)
	}
	// A folder that holds other things is not hidden from version control, and its old temporary files go.
	mine := filepath.Join(dir, "mine")
	stale := filepath.Join(mine, "leases", ".tmp-lease-00")
	os.MkdirAll(filepath.Dir(stale), 0o777)
	os.WriteFile(stale, nil, 0o666)
	os.Chtimes(stale, time.Now().Add(-2*time.Hour), time.Now().Add(-2*time.Hour))
	if s, err := Open(mine, Options{}); err != nil {
		t.Error(err)
	} else if err := s.Writable(); err != nil {
		t.Error(err)
	}
	for _, path := range []string{filepath.Join(mine, ".gitignore"), stale} {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is there: %v", path, err)
		}
	}
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		return // permissions do not bind
	}
	locked := filepath.Join(dir, "locked")
	os.Mkdir(locked, 0o555)
	s, err = Open(filepath.Join(locked, "store"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Writable(); err == nil || !strings.Contains(err.Error(), "--store") {
		t.Errorf("a folder without permission: %v", err)
	}
}

func TestFloatRejectsOtherStrings(t *testing.T) {
	var f Float
	for _, bad := range []string{`"nan"`, `"1"`, `true`, `[]`} {
		if err := json.Unmarshal([]byte(bad), &f); err == nil {
			t.Errorf("%s is the number %v", bad, f)
		}
	}
}

func TestUnknownFieldsAreNotIgnored(t *testing.T) {
	text, err := seal(map[string]any{"state": "running", "colour": "red"})
	if err != nil {
		t.Fatal(err)
	}
	var s Status
	if err := unseal(text, &s); err == nil {
		t.Error("a record of a later version was read as one of this")
	}
}

// A record of a later version is neither used nor taken for damaged, and so never replaced.
func TestRecordOfALaterVersion(t *testing.T) {
	s, warned := open(t)
	tr := start(t, s)
	if err := s.write(tr.path("result.json"), struct {
		Status string `json:"status"`
		Later  int    `json:"what_is_to_come"`
	}{Done, 1}); err != nil {
		t.Fatal(err)
	}
	_, ok, err := tr.Result()
	var later *Newer
	if ok || !errors.As(err, &later) || !strings.Contains(err.Error(), "what_is_to_come") || !strings.Contains(err.Error(), "result.json") {
		t.Errorf("%v, %v", ok, err)
	}
	if _, err := s.Records([]string{tr.ID()}); !errors.As(err, &later) {
		t.Errorf("among many: %v", err)
	}
	if len(*warned) > 0 {
		t.Errorf("taken for damaged: %v", *warned)
	}
}

func TestAttempts(t *testing.T) {
	s, _ := open(t)
	tr := start(t, s)
	for i := range 3 {
		a, err := tr.BeginAttempt(Attempt{From: uint64(i), Provenance: Provenance{Host: "here"}})
		if err != nil || a.Number != i+1 {
			t.Fatal(a, err)
		}
		if i == 1 { // killed while it wrote
			f, err := os.OpenFile(tr.attemptsPath(), os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				t.Fatal(err)
			}
			f.WriteString(`{"attempt":2,"ended":"20` + "\n")
			f.Close()
			continue
		}
		a.How, a.Step, a.Ended = Stopped, uint64(i+1), time.Now()
		if err := tr.EndAttempt(a); err != nil {
			t.Fatal(err)
		}
	}
	list, err := tr.Attempts()
	if err != nil || len(list) != 3 || list[0].How != Stopped || list[1].How != "" || list[2].Step != 3 || list[2].Provenance.Host != "here" {
		t.Errorf("%+v, %v", list, err)
	}
}
