package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// sharedHead begins a file of images that were made once and are mapped by every process that needs them.
type sharedHead struct {
	Key     string `json:"key"`
	N       int    `json:"n"`
	H       int    `json:"h"`
	W       int    `json:"w"`
	C       int    `json:"c"`
	Groups  bool   `json:"groups"`
	Payload string `json:"payload"` // SHA-256 of what follows the head
}

const (
	sharedMagic = "bench shared images 1\n"
	// sharedHeadSize is a page: what follows is aligned.
	sharedHeadSize = 4096
)

// mappings are the files that this process has mapped; they stay.
var mappings struct {
	sync.Mutex
	of map[string]*Images
}

// Shared returns the images that make makes, made once for all processes of the machine: they are kept in a file in the cache
// beside the data set of that name, and each process maps the file instead of having a copy. key says everything that the
// images depend on. The images must not be modified: they cannot be. shared is false where they are this process's own
// after all: features, which are not pixels, a cache that cannot be written, or a system that maps no files.
func Shared(name, key string, make func() (*Images, error)) (im *Images, shared bool, err error) {
	root, err := CacheDir()
	if err != nil {
		return nil, false, err
	}
	dir := filepath.Join(root, name, ".derived")
	path := filepath.Join(dir, hashText(key)[:32]+".images")
	mappings.Lock()
	known := mappings.of[path]
	mappings.Unlock()
	if known != nil {
		return known, true, nil
	}
	if im := openShared(path, key); im != nil {
		return im, true, nil
	}
	if os.MkdirAll(dir, 0o755) != nil {
		im, err := make()
		return im, false, err
	}
	unlock, _, err := lock(context.Background(), path+".lock", func() {})
	if err != nil {
		im, err := make()
		return im, false, err
	}
	defer unlock()
	if im := openShared(path, key); im != nil { // somebody else made it meanwhile
		return im, true, nil
	}
	if im, err = make(); err != nil || im.Values != nil {
		return im, false, err
	}
	if writeShared(path, key, im) != nil {
		return im, false, nil
	}
	if mapped := openShared(path, key); mapped != nil {
		return mapped, true, nil
	}
	return im, false, nil
}

// openShared maps a file that writeShared has written, if it is whole and of this key; otherwise nil.
func openShared(path, key string) *Images {
	b, err := mapFile(path)
	if err != nil {
		return nil
	}
	var h sharedHead
	text, ok := bytes.CutPrefix(b[:min(len(b), sharedHeadSize)], []byte(sharedMagic))
	if !ok || len(b) < sharedHeadSize || json.Unmarshal(bytes.TrimRight(text, "\x00"), &h) != nil || h.Key != key {
		return nil
	}
	payload := b[sharedHeadSize:]
	size := h.H * h.W * h.C
	want := h.N*size + h.N
	if h.Groups {
		want += h.N
	}
	if sum := sha256.Sum256(payload); len(payload) != want || hex.EncodeToString(sum[:]) != h.Payload {
		return nil
	}
	im := &Images{H: h.H, W: h.W, C: h.C, Pixels: payload[: h.N*size : h.N*size], Labels: payload[h.N*size : h.N*size+h.N : h.N*size+h.N]}
	if h.Groups {
		im.Groups = payload[h.N*size+h.N:]
	}
	mappings.Lock()
	defer mappings.Unlock()
	if mappings.of == nil {
		mappings.of = map[string]*Images{}
	}
	if known := mappings.of[path]; known != nil {
		return known
	}
	mappings.of[path] = im
	return im
}

func writeShared(path, key string, im *Images) error {
	h := sha256.New()
	for _, part := range [][]byte{im.Pixels, im.Labels, im.Groups} {
		h.Write(part)
	}
	text, err := json.Marshal(sharedHead{key, im.Len(), im.H, im.W, im.C, im.Groups != nil, hex.EncodeToString(h.Sum(nil))})
	if err != nil {
		return err
	}
	head := make([]byte, sharedHeadSize)
	if n := copy(head, sharedMagic); len(text) > sharedHeadSize-n {
		return fmt.Errorf("a key of %d bytes", len(key))
	}
	copy(head[len(sharedMagic):], text)
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	for _, part := range [][]byte{head, im.Pixels, im.Labels, im.Groups} {
		if _, err = tmp.Write(part); err != nil {
			break
		}
	}
	if err == nil {
		err = tmp.Chmod(0o444)
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
