// Package suites holds the suites that come with bench, so that `bench run suites/quickstart.toml` works from an empty
// folder. A file of the same name on disk is used instead.
package suites

import "embed"

//go:embed *.toml
var Files embed.FS
