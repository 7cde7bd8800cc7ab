package report

import (
	"html"
	"strings"
)

// span is a piece of inline Markdown: text in one style.
type span struct {
	text string
	code bool
	em   bool
	href string
}

// spans takes inline Markdown apart, as this package writes it: escapes, code, emphasis by asterisks, links, &amp;.
func spans(md string) []span {
	var out []span
	var text strings.Builder
	em, href := false, ""
	flush := func() {
		if text.Len() > 0 {
			out = append(out, span{text: text.String(), em: em, href: href})
			text.Reset()
		}
	}
	for i := 0; i < len(md); i++ {
		rest := md[i:]
		switch {
		case rest[0] == '\\' && len(rest) > 1 && strings.IndexByte("\\`*|<>[]~_", rest[1]) >= 0:
			text.WriteByte(rest[1])
			i++
		case strings.HasPrefix(rest, "&amp;"):
			text.WriteByte('&')
			i += len("&amp;") - 1
		case rest[0] == '`':
			end := strings.IndexByte(rest[1:], '`')
			if end < 0 {
				text.WriteByte('`')
				continue
			}
			flush()
			out = append(out, span{text: rest[1 : 1+end], code: true, em: em, href: href})
			i += end + 1
		case rest[0] == '*' && (em || emphasis(rest)):
			flush()
			em = !em
		case rest[0] == '[' && href == "":
			to, ok := target(rest)
			if !ok {
				text.WriteByte('[')
				continue
			}
			flush()
			href = to
		case rest[0] == ']' && href != "":
			flush()
			i += len("](") + len(href)
			href = ""
		default:
			text.WriteByte(rest[0])
		}
	}
	flush()
	return out
}

// emphasis: the asterisk opens emphasis, because the same cell closes it right behind a word. A lone one is a mark.
func emphasis(rest string) bool {
	if len(rest) < 3 || rest[1] == ' ' {
		return false
	}
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '*':
			return i > 1
		}
	}
	return false
}

// target is where the link that text begins with leads.
func target(text string) (string, bool) {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case ']':
			if i+1 < len(text) && text[i+1] == '(' {
				if end := strings.IndexByte(text[i:], ')'); end > 2 {
					return text[i+2 : i+end], true
				}
			}
			return "", false
		}
	}
	return "", false
}

// plain is inline Markdown without its markup.
func plain(md string) string {
	var out strings.Builder
	for _, s := range spans(md) {
		out.WriteString(s.text)
	}
	return out.String()
}

// inlineHTML turns inline Markdown into HTML.
func inlineHTML(md string) string {
	var out strings.Builder
	href := ""
	for _, s := range spans(md) {
		if s.href != href {
			if href != "" {
				out.WriteString("</a>")
			}
			if s.href != "" {
				out.WriteString(`<a href="` + html.EscapeString(s.href) + `">`)
			}
			href = s.href
		}
		text := html.EscapeString(s.text)
		if s.code {
			text = "<code>" + text + "</code>"
		}
		if s.em {
			text = "<em>" + text + "</em>"
		}
		out.WriteString(text)
	}
	if href != "" {
		out.WriteString("</a>")
	}
	return out.String()
}
