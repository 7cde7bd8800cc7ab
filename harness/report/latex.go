package report

import (
	"fmt"
	"io"
	"strings"
)

// LaTeX writes the tables of the board, each a table environment in the style of booktabs, for \input into a paper that loads
// booktabs, amsmath and amssymb.
func (b *Board) LaTeX(w io.Writer) error {
	var out strings.Builder
	p := b.Page()
	fmt.Fprintf(&out, "%% %s\n%% \\usepackage{booktabs,amsmath,amssymb}\n", strings.ReplaceAll(plain(p.Title), "\n", " "))
	for _, t := range p.Tables() {
		fmt.Fprintf(&out, "\n\\begin{table}\n\\centering\n\\caption{%s}\n\\label{tab:%s}\n\\begin{tabular}{", inlineLaTeX(t.Title), t.Name)
		for _, c := range t.Columns {
			if c.Right {
				out.WriteByte('r')
			} else {
				out.WriteByte('l')
			}
		}
		out.WriteString("}\n\\toprule\n")
		cells := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			cells[i] = inlineLaTeX(c.Header)
		}
		out.WriteString(strings.Join(cells, " & ") + " \\\\\n\\midrule\n")
		for _, r := range t.Rows {
			for i, c := range r.Cells {
				// A bracket behind \\ would be its argument.
				if cells[i] = inlineLaTeX(c.Text); i == 0 && strings.HasPrefix(cells[i], "[") {
					cells[i] = "{}" + cells[i]
				}
			}
			out.WriteString(strings.Join(cells, " & ") + " \\\\\n")
		}
		out.WriteString("\\bottomrule\n\\end{tabular}\n")
		for i, n := range t.Notes {
			fmt.Fprintf(&out, "\\par\\footnotesize %s %s\n", inlineLaTeX(superscript(i+1)), inlineLaTeX(n))
		}
		out.WriteString("\\end{table}\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// inlineLaTeX turns inline Markdown into LaTeX; links keep their text.
func inlineLaTeX(md string) string {
	var out strings.Builder
	for _, s := range spans(md) {
		text := latexEscaper.Replace(s.text)
		if s.code {
			text = "\\texttt{" + text + "}"
		}
		if s.em {
			text = "\\emph{" + text + "}"
		}
		out.WriteString(text)
	}
	return out.String()
}

// latexEscaper knows every character beyond ASCII that a board prints; those of names reach LaTeX as they are.
var latexEscaper = strings.NewReplacer(
	"\\", "\\textbackslash{}", "{", "\\{", "}", "\\}", "$", "\\$", "&", "\\&", "#", "\\#", "_", "\\_", "%", "\\%", "~", "$\\sim$", "^", "\\^{}",
	"<", "$<$", ">", "$>$", "|", "$|$", "*", "$\\ast$",
	"−", "$-$", "±", "$\\pm$", "×", "$\\times$", "·", "$\\cdot$", "√", "$\\surd$", "≤", "$\\le$", "≥", "$\\ge$", "∞", "$\\infty$", "→", "$\\to$",
	"↓", "$\\downarrow$", "↑", "$\\uparrow$", "†", "$\\dagger$", "✓", "$\\checkmark$", "‖", "$\\|$", "τ", "$\\tau$", "Δ", "$\\Delta$", "ε", "$\\varepsilon$",
	"δ", "$\\delta$", "ρ", "$\\rho$", "λ", "$\\lambda$", "η", "$\\eta$", "Ψ", "$\\Psi$", "ψ", "$\\psi$", "σ", "$\\sigma$", "Φ", "$\\Phi$",
	"–", "--", "—", "---", "…", "\\dots{}", "“", "``", "”", "''", "\u202f", "\\,", "\u200a", "\\,", "\u00a0", "~",
	"⁰", "$^{0}$", "¹", "$^{1}$", "²", "$^{2}$", "³", "$^{3}$", "⁴", "$^{4}$", "⁵", "$^{5}$", "⁶", "$^{6}$", "⁷", "$^{7}$", "⁸", "$^{8}$", "⁹", "$^{9}$", "⁻", "$^{-}$",
)
