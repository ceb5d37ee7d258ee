package intake

import (
	"bytes"
	"context"
	"io"
)

// maxToken is what one tag or one text of a workbook may take: a cell holds 32,767
// characters at most, each written with at most seven.
const maxToken = 1 << 20

// guard hands XML through to a decoder, which keeps each token whole: it ends with a
// fault where one is longer than any of a workbook is, and where too much was unzipped.
type guard struct {
	ctx   context.Context
	from  io.Reader
	left  *int64 // bytes that may yet be unzipped, of all parts
	run   int    // bytes since the last tag began or ended
	until string // what ends the section that is being read, in which tags are text; "" = none
	last  [3]byte
	fault error
}

// sections are what a decoder keeps whole beside tags and texts.
var sections = map[byte]string{'[': "]]>", '-': "-->"}

// Read is io.Reader's.
func (g *guard) Read(into []byte) (int, error) {
	if g.fault != nil {
		return 0, g.fault
	}
	if g.fault = g.ctx.Err(); g.fault != nil {
		return 0, g.fault
	}
	if int64(len(into)) > *g.left+1 {
		into = into[:*g.left+1]
	}
	n, err := g.from.Read(into)
	if *g.left -= int64(n); *g.left < 0 {
		g.fault = errUnzip
		return 0, g.fault
	}
	for _, c := range into[:n] {
		if g.pass(c); g.run > maxToken {
			g.fault = errSheet
			return 0, g.fault
		}
	}
	return n, err
}

// pass looks at one byte.
func (g *guard) pass(c byte) {
	g.last[0], g.last[1], g.last[2] = g.last[1], g.last[2], c
	g.run++
	switch {
	case g.until != "":
		if bytes.HasSuffix(g.last[:], []byte(g.until)) {
			g.until, g.run = "", 0
		}
	case c == '<' || c == '>':
		g.run = 0
	case g.last[0] == '<' && g.last[1] == '!':
		if g.until = sections[c]; g.until == "" { // a declaration, which no part of a workbook has
			g.run = maxToken + 1
		}
	case g.last[1] == '<' && c == '?':
		g.until = "?>"
	}
}
