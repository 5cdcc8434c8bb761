package storetest

import "strings"

// Hostile are texts that mean to do something where they are shown, computed, parsed or stored. Some are not UTF-8, which
// the contract does not carry.
var Hostile = []string{
	// Formulas, for any reader of CSV.
	"=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "'=1+1", "''=1+1", "\x00=1+1", "\u202e=1+1", "＝1+1", "＋1", "－1", "＠A1",
	`=cmd|'/C calc'!A0`, `=HYPERLINK("https://example.com/?"&A1,"x")`, `"=1+1`, `";=1+1;"`, "a,=1+1", "-", "--", "'", "it's",
	// CSV and its quotes.
	`a,b`, `a;b`, `"`, `""`, `"a"`, `a"b`, "a\nb", "a\r\nb", `\"`, "a\tb", `","`, " a ", "  ",
	// XML, HTML, and what SpreadsheetML takes for an escape.
	"<script>alert(1)</script>", "<b>&amp;</b>", "]]>", "<![CDATA[x]]>", "&#0;", "&lt;", "<!--", "<?xml?>", "_x000D_", "_x005F_", "_x0041_", "_x00", "__x0041__",
	"\ufffe", "\uffff", "a\ufffeb", "\ufffd",
	// SQL and its patterns.
	"'; DROP TABLE episode; --", `' OR '1'='1`, "%", "_", "%_%", `\%`, "$1", "?", "NULL", "{{.}}", "${x}", "%s%n",
	// Terminals.
	"\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x9b31m", "\x07\x08\x7f", "\u0085", "\u2028\u2029",
	// Writing that turns around, and marks that take no room.
	"\u202egnp.exe", "\u2066a\u2069", "\u200f\u200e\u061c", "a\u200bb", "\ufeff", "e\u0301", "\u200d\u200c",
	// Addresses and paths.
	"javascript:alert(1)", "data:text/html,<script>", "file:///etc/passwd", "//example.com", `\\host\share`, "../../etc/passwd", "C:\\", "CON",
	// Beyond the first plane, and what is not UTF-8: half a surrogate pair, cut and over-long sequences.
	"\U0001f600\U0001f468\u200d\U0001f469", "\U0010ffff", "\xed\xa0\x80", "\xff\xfe", "a\xc3", "\xc0\xaf", "\xf0\x9f\x98", "\x00", "a\x00b",
	// JSON and numbers that are none.
	`{"a":1}`, `\u0000`, "1e309", "NaN", "-0", "0x1", "1,5", "007", "TRUE", "2026-03-02", "2026-03-02T08:15:00Z",
	// Long ones, without a place to break.
	strings.Repeat("W", 511), strings.Repeat("é", 512), strings.Repeat("\U0001f600", 512), strings.Repeat("=", 300),
}
