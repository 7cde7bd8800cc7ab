package report

import "io"

// Page is a board as every format prints it: blocks in order.
type Page struct {
	Title  string // inline Markdown
	Blocks []Block
}

// Block is a Heading, a Paragraph, a List, a *Table, a *Figure or a Fold.
type Block any

// Heading begins a section; 2 is the level of sections, 3 that of their parts.
type Heading struct {
	Level int
	Text  string
}

// Paragraph is inline Markdown.
type Paragraph string

// List holds items of inline Markdown.
type List []string

// Figure is a plot.
type Figure struct {
	File string // name of the SVG in the report's folder
	Alt  string // what it shows, in words; plain text
	SVG  func(io.Writer) error
}

// Fold is a part that most readers leave closed.
type Fold struct {
	Summary string // inline Markdown
	Blocks  []Block
}

// builder collects blocks; empty ones are left out.
type builder struct{ blocks []Block }

func (b *builder) heading(level int, text string) {
	b.blocks = append(b.blocks, Heading{level, text})
}

func (b *builder) paragraph(text string) {
	if text != "" {
		b.blocks = append(b.blocks, Paragraph(text))
	}
}

func (b *builder) list(items []string) {
	if len(items) > 0 {
		b.blocks = append(b.blocks, List(items))
	}
}

func (b *builder) table(t *Table) { b.blocks = append(b.blocks, t) }

func (b *builder) figure(f *Figure) { b.blocks = append(b.blocks, f) }

func (b *builder) fold(summary string, build func(*builder)) {
	var inner builder
	build(&inner)
	if len(inner.blocks) > 0 {
		b.blocks = append(b.blocks, Fold{summary, inner.blocks})
	}
}

// Each calls f for every block of the page, those inside folds too.
func (p *Page) Each(f func(Block)) {
	var walk func([]Block)
	walk = func(blocks []Block) {
		for _, block := range blocks {
			f(block)
			if fold, ok := block.(Fold); ok {
				walk(fold.Blocks)
			}
		}
	}
	walk(p.Blocks)
}

// Tables lists the tables of the page in order.
func (p *Page) Tables() []*Table {
	var list []*Table
	p.Each(func(b Block) {
		if t, ok := b.(*Table); ok {
			list = append(list, t)
		}
	})
	return list
}

// Figures lists the plots of the page in order.
func (p *Page) Figures() []*Figure {
	var list []*Figure
	p.Each(func(b Block) {
		if f, ok := b.(*Figure); ok {
			list = append(list, f)
		}
	})
	return list
}
