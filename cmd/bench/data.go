package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sharpbench/sharpbench/harness/dataset"
)

func newData(g *global) *cobra.Command {
	data := &cobra.Command{
		Use:   "data",
		Short: "list, fetch and verify datasets",
		Long: `data manages the cache of datasets, which is ` + "`$BENCH_CACHE`" + ` or the user's cache folder. Whatever the source, a
dataset is accepted only when every file has the published sha256.

EXIT STATUS: 0 done, 2 usage, 4 the data cannot be had, 130 interrupted (the same command goes on).`,
	}
	data.AddCommand(newDataList(g), newDataFetch(g), newDataVerify(g), newDataPath())
	return data
}

func newDataList(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "list the datasets and whether they are here", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			type row struct {
				Name   string `json:"name"`
				State  string `json:"state"`
				Train  int    `json:"train,omitempty"`
				Test   int    `json:"test,omitempty"`
				Shape  []int  `json:"shape,omitempty"`
				Digest string `json:"digest,omitempty"`
			}
			var rows []row
			for _, name := range dataset.Names() {
				r := row{Name: name}
				d, err := dataset.Load(name)
				var missing *dataset.Missing
				switch {
				case err == nil:
					r.State, r.Digest = "here", d.Digest
					r.Train, r.Test = d.Train.Len(), d.Test.Len()
					r.Shape = []int{d.Train.H, d.Train.W, d.Train.C}
				case errors.As(err, &missing):
					r.State = "not fetched"
				default:
					r.State = "broken: " + err.Error()
				}
				rows = append(rows, r)
			}
			if g.json {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(rows)
			}
			var cells [][]string
			for _, r := range rows {
				size, shape := "", ""
				if r.Shape != nil {
					size = fmt.Sprintf("%d + %d", r.Train, r.Test)
					shape = fmt.Sprintf("%d×%d×%d", r.Shape[0], r.Shape[1], r.Shape[2])
				}
				cells = append(cells, []string{r.Name, r.State, size, shape})
			}
			return table(cmd.OutOrStdout(), []string{"dataset", "state", "train + test", "shape"}, cells)
		},
	}
}

func newDataFetch(g *global) *cobra.Command {
	var from string
	c := &cobra.Command{
		Use:       "fetch NAME",
		Short:     "download a dataset, or take it from a folder",
		Args:      cobra.ExactArgs(1),
		ValidArgs: dataset.Names(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if g.offline && from == "" {
				return usageError(errors.New("--offline forbids the network"), "use --from DIR with files you have")
			}
			return fetch(cmd, g, args[0], from)
		},
	}
	c.Flags().StringVar(&from, "from", "", "take the files from this folder or archive, not from the network")
	return c
}

func newDataVerify(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "verify [NAME]", Short: "check the files of the cache against their sha256", Args: cobra.MaximumNArgs(1), ValidArgs: dataset.Names(),
		RunE: func(cmd *cobra.Command, args []string) error {
			names := dataset.Names()
			if len(args) == 1 {
				names = args
			}
			for _, name := range names {
				err := dataset.Verify(name)
				var missing *dataset.Missing
				switch {
				case err == nil:
					fmt.Fprintf(cmd.OutOrStdout(), "%s: every file has the published sha256\n", name)
				case errors.As(err, &missing) && len(args) == 0:
					fmt.Fprintf(cmd.OutOrStdout(), "%s: not fetched\n", name)
				default:
					return unavailable(err, "bench data fetch "+name)
				}
			}
			return nil
		},
	}
}

func newDataPath() *cobra.Command {
	return &cobra.Command{
		Use: "path", Short: "print the folder of the cache", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := dataset.CacheDir()
			if err != nil {
				return unavailable(err, "set BENCH_CACHE to a folder you may write")
			}
			if dir, err = filepath.Abs(dir); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), dir)
			return nil
		},
	}
}

// fetch brings a dataset into the cache and shows how it goes on standard error.
func fetch(cmd *cobra.Command, g *global, name, from string) error {
	o := dataset.FetchOptions{From: from, Log: func(s string) {
		if !g.quiet {
			fmt.Fprintln(cmd.ErrOrStderr(), s)
		}
	}}
	if !g.quiet {
		o.Progress = cmd.ErrOrStderr()
		o.TTY = isTerminal(cmd.ErrOrStderr())
	}
	if err := dataset.Fetch(cmd.Context(), name, o); err != nil {
		if cmd.Context().Err() != nil {
			return cmd.Context().Err()
		}
		return unavailable(err, "")
	}
	return nil
}

// isTerminal reports whether a stream is shown to a person at once.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
