package dataset

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// CacheDir is where fetched data lives, one folder a data set: $BENCH_CACHE if set, otherwise bench/data in the user's
// cache folder.
func CacheDir() (string, error) {
	if dir := os.Getenv("BENCH_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place for the data cache: %w; set BENCH_CACHE to a folder", err)
	}
	return filepath.Join(dir, "bench", "data"), nil
}

// Missing is the error for data that is not in the cache.
type Missing struct {
	Name  string
	Dir   string   // where it was looked for
	Files []string // those that are not there; all of them when the folder is not there either
	all   bool
	ways  string
}

func (m *Missing) Error() string {
	lacks := strings.Join(m.Files, ", ")
	if m.all {
		lacks = "such data"
	}
	return fmt.Sprintf("%s is not in the cache: %s has no %s; get it with `bench data fetch %s`%s, or set BENCH_CACHE to a cache that has it",
		m.Name, m.Dir, lacks, m.Name, m.ways)
}

// Corrupt is the error for data in the cache that is not what was published.
type Corrupt struct {
	Name     string
	Dir      string
	Problems []string // one a file: what was expected, what was found
}

func (c *Corrupt) Error() string {
	return fmt.Sprintf("%s in %s is not the published data and was not used: %s; `bench data fetch %s` replaces it",
		c.Name, c.Dir, strings.Join(c.Problems, "; "), c.Name)
}

// file is one published file.
type file struct {
	name   string
	size   int64  // 0: not known; then the content says how long it must be
	sha256 string // hexadecimal; "" where nobody has published it
}

// check compares what was found under f's name with what was published; "" means that nothing differs. An empty sum was not
// computed.
func (f file) check(size int64, sum string) string {
	switch {
	case f.size > 0 && size != f.size:
		return fmt.Sprintf("%s has %d bytes, expected %d", f.name, size, f.size)
	case f.sha256 != "" && sum != "" && sum != f.sha256:
		return fmt.Sprintf("%s has sha256 %s, expected %s", f.name, sum, f.sha256)
	}
	return ""
}

// stamp remembers that the files beside it were hashed and found to be the published ones, so that later loads need not
// hash them again. It is believed as long as the files keep their size and modification time.
type stamp struct {
	Version int           `json:"version"`
	Digest  string        `json:"digest"` // Data.Digest
	Files   []stampedFile `json:"files"`
}

type stampedFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	MTime  int64  `json:"mtime"` // nanoseconds since 1970
	SHA256 string `json:"sha256"`
}

const (
	stampName = "verified.json"
	// stampVersion is raised when the stamp or the layout that Data.Digest hashes changes.
	stampVersion = 1
)

// readStamp returns the digest of the data in dir if a stamp vouches for every one of files as it now is, otherwise "".
func readStamp(dir string, files []file) string {
	text, err := os.ReadFile(filepath.Join(dir, stampName))
	if err != nil {
		return ""
	}
	var s stamp
	if json.Unmarshal(text, &s) != nil || s.Version != stampVersion || len(s.Files) != len(files) || len(s.Digest) != 64 {
		return ""
	}
	for i, f := range files {
		v := s.Files[i]
		if v.Name != f.name || f.check(v.Size, v.SHA256) != "" {
			return ""
		}
		now, err := os.Stat(filepath.Join(dir, f.name))
		if err != nil || now.Size() != v.Size || now.ModTime().UnixNano() != v.MTime {
			return ""
		}
	}
	return s.Digest
}

// stamped returns the hashes that a stamp remembers, by name.
func stamped(dir string) map[string]string {
	out := map[string]string{}
	text, err := os.ReadFile(filepath.Join(dir, stampName))
	var s stamp
	if err != nil || json.Unmarshal(text, &s) != nil {
		return out
	}
	for _, f := range s.Files {
		out[f.Name] = f.SHA256
	}
	return out
}

// writeStamp vouches for files that were found to be the published ones, with the hashes that were found; infos are of
// before they were hashed, so that a change in between makes the stamp worthless.
func writeStamp(dir, digest string, files []file, infos []os.FileInfo) error {
	s := stamp{Version: stampVersion, Digest: digest}
	for i, f := range files {
		s.Files = append(s.Files, stampedFile{f.name, infos[i].Size(), infos[i].ModTime().UnixNano(), f.sha256})
	}
	text, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, stampName+".*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(append(text, '\n'))
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), filepath.Join(dir, stampName))
}
