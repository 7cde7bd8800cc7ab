package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sharpbench/sharpbench/harness/dataset"
)

func newData(g *global) *cobra.Command {
	data := &cobra.Command{
		Use:   "data",
		Short: "list, fetch and verify datasets",
		Long: `data manages the cache of datasets, which is ` + "`$BENCH_CACHE`" + ` or the user's cache folder. Whatever the source, a
dataset is accepted only when every file has the published sha256; where nobody has published one, its size, its shape
and its classes or times must be right, and it must stay what it was when it was fetched.

EXIT STATUS: 0 done, 2 usage, 4 the data cannot be had, 130 interrupted (the same command goes on).`,
	}
	data.AddCommand(newDataList(g), newDataFetch(g), newDataVerify(g), newDataPath())
	return data
}

func newDataList(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "list the datasets, whether they are here, and what they may be used for", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			type row struct {
				Name     string   `json:"name"`
				State    string   `json:"state"`
				Train    int      `json:"train,omitempty"`
				Test     int      `json:"test,omitempty"`
				Shape    []int    `json:"shape,omitempty"`
				Digest   string   `json:"digest,omitempty"`
				Terms    string   `json:"terms"`
				Home     string   `json:"home"`
				Unhashed []string `json:"unhashed,omitempty"` // files whose hash nobody has published
			}
			var rows []row
			for _, name := range dataset.Names() {
				about, err := dataset.Describe(name)
				if err != nil {
					return err
				}
				r := row{Name: name, Terms: about.Terms, Home: about.Home, Unhashed: about.Unhashed}
				s, err := dataset.Inspect(name)
				var missing *dataset.Missing
				switch {
				case err == nil && s.Made:
					r.State = "made"
				case err == nil:
					r.State, r.Digest, r.Train, r.Test, r.Shape = "here", s.Digest, s.Train, s.Test, s.Shape
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
				size := ""
				if r.Train+r.Test > 0 {
					size = fmt.Sprintf("%d + %d", r.Train, r.Test)
				}
				cells = append(cells, []string{r.Name, r.State, size, sides(r.Shape), r.Terms})
			}
			return table(cmd.OutOrStdout(), []string{"dataset", "state", "train + test", "shape", "terms"}, cells)
		},
	}
}

// sides writes a shape as 32×32×3.
func sides(shape []int) string {
	var parts []string
	for _, n := range shape {
		parts = append(parts, strconv.Itoa(n))
	}
	return strings.Join(parts, "×")
}

func newDataFetch(g *global) *cobra.Command {
	var from string
	c := &cobra.Command{
		Use:       "fetch NAME…",
		Short:     "download datasets, or take one from a folder",
		Args:      cobra.MinimumNArgs(1),
		ValidArgs: dataset.Names(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if g.offline && from == "" {
				return usageError(errors.New("--offline forbids the network"), "use --from DIR with files you have")
			}
			if from != "" && len(args) > 1 {
				return usageError(errors.New("--from is the place of one dataset"), "fetch them one by one")
			}
			for _, name := range args {
				if err := fetch(cmd, g, name, from); err != nil {
					return err
				}
			}
			return nil
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
					about, _ := dataset.Describe(name)
					say := "every file has the published sha256"
					if n := len(about.Unhashed); n > 0 {
						say = fmt.Sprintf("right in size and content, and unchanged since it was fetched; nobody has published a sha256 of %s", briefly(about.Unhashed))
					}
					fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", name, say)
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

// briefly lists names, but not twenty of them.
func briefly(names []string) string {
	if len(names) > 3 {
		return fmt.Sprintf("%s and %d more", names[0], len(names)-1)
	}
	return strings.Join(names, ", ")
}

func newDataPath() *cobra.Command {
	return &cobra.Command{
		Use: "path [NAME]", Short: "print the folder of the cache, or of a dataset in it", Args: cobra.MaximumNArgs(1), ValidArgs: dataset.Names(),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := dataset.CacheDir()
			if err != nil {
				return unavailable(err, "set BENCH_CACHE to a folder you may write")
			}
			if dir, err = filepath.Abs(dir); err != nil {
				return err
			}
			if len(args) == 1 {
				if _, err := dataset.Describe(args[0]); err != nil {
					return usageError(err, "bench data list")
				}
				dir = filepath.Join(dir, args[0])
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
