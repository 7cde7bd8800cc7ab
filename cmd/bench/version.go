package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/engine"
)

// release is bench's version, raised by hand with each release.
const release = "0.1.0"

func newVersion(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print the version, and what numbers depend on",
		Long: `version prints bench's release and the numeric version of its engine. Records made under another numeric
version are not mixed: their trials count as different.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := struct {
				Release string `json:"release"`
				Engine  int    `json:"engine"`
				Go      string `json:"go"`
				System  string `json:"system"`
				Commit  string `json:"commit,omitempty"`
			}{release, engine.Version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, commit()}
			if g.json {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(v)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "bench %s, engine %d, %s %s", v.Release, v.Engine, v.Go, v.System)
			if v.Commit != "" {
				fmt.Fprintf(cmd.OutOrStdout(), ", commit %s", v.Commit)
			}
			fmt.Fprintln(cmd.OutOrStdout())
			return nil
		},
	}
}

// commit is the source revision the binary was built from, when the build recorded it.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(12, len(s.Value))]
		}
	}
	return ""
}
