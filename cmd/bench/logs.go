package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/store"
)

func newLogs(g *global) *cobra.Command {
	var follow bool
	var tail int
	c := &cobra.Command{
		Use:   "logs TRIAL",
		Short: "print the log of a trial",
		Long: `logs prints what the plugins of a trial have written and what became of them. TRIAL is the beginning of its identity, as
boards and bench status show it.

EXIT STATUS: 0 printed, 2 there is no such trial.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			st, err := openStore(g)
			if err != nil {
				return err
			}
			id, err := findTrial(st, args[0])
			if err != nil {
				return err
			}
			t := st.Trial(id)
			f, err := os.Open(t.LogPath())
			if err != nil {
				return usageError(fmt.Errorf("trial %.12s has no log", id), "")
			}
			defer f.Close()
			text, err := io.ReadAll(f)
			if err != nil {
				return err
			}
			lines := strings.SplitAfter(string(text), "\n")
			if lines[len(lines)-1] == "" {
				lines = lines[:len(lines)-1]
			}
			if cmd.Flags().Changed("tail") {
				lines = lines[max(0, len(lines)-tail):]
			}
			w := cmd.OutOrStdout()
			io.WriteString(w, strings.Join(lines, ""))
			for follow {
				// Whoever works on it holds its lease; what was written before the lease went is still to be read.
				holder, err := st.Holder(id)
				if err != nil {
					return err
				}
				if _, err := io.Copy(w, f); err != nil {
					return err
				}
				if holder == nil {
					return nil
				}
				select {
				case <-cmd.Context().Done():
					return nil
				case <-time.After(200 * time.Millisecond):
				}
			}
			return nil
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on printing until nobody works on the trial any more")
	c.Flags().IntVar(&tail, "tail", 0, "print only so many lines of its end")
	return c
}

// findTrial finds the one trial of the store whose identity begins with text.
func findTrial(st *store.Store, text string) (string, error) {
	if len(text) < 4 || strings.Trim(strings.ToLower(text), "0123456789abcdef") != "" {
		return "", usageError(fmt.Errorf("%q is not a trial: expected at least four digits of its identity", text), "boards and bench status show them")
	}
	ids, err := st.Find(text)
	if err != nil {
		return "", err
	}
	switch len(ids) {
	case 0:
		return "", usageError(fmt.Errorf("store %s has no trial %s", st.Dir(), text), "")
	case 1:
		return ids[0], nil
	}
	return "", usageError(errors.New("several trials begin with "+text+": "+someOf(ids)), "give more digits")
}
