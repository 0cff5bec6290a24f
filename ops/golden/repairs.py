"""Prompts as open_clip's tokenizer cleans them, for tests/golden/text/repairs.json.

    python ops/golden/repairs.py > tests/golden/text/repairs.json

Needs ftfy (6.3.1 was used), on Python 3.11.
"""
import html
import json

import ftfy

PROMPTS = [
    "a hamburger", "a \u201ccurly\u201d quoted caf\u00e9 sign &amp; lamp\u2019s post", "\u6c34 bottle \U0001f40b",
    "  A  Red\tCAR,\r\n2 doors & 4 wheels!  ", "caf\u00c3\u00a9 table",
    "na\u00c3\u00afve d\u00c3\u00a9j\u00c3\u00a0 vu",
    "it\u00e2\u20ac\u2122s a \u00e2\u20ac\u0153quoted\u00e2\u20ac\u009d sign", "a \u00f0\u0178\u2018\u00bb ghost",
    "\u00c3\u0192\u00c2\u00a9 twice", "\u5c0f caf\u00c3\u00a9 \u6c34", "\u00c2\u00a9 2020 \u00c2\u00b0 degrees",
    "20\u00c2\u00b0 angle", "\u041f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440",
    "\u00d0\u0178\u00d1\u20ac\u00d0\u00b8\u00d0\u00b2\u00d0\u00b5\u00d1\u201a lamp",
    "\u00c5\u201a\u00c3\u00b3d\u00c5\u00ba", "caf\u00e9 \u00e0 la cr\u00e8me \u00a9 \u00ae \u00bd",
    "\u00c9\u00bb end", "Stra\u00dfe GRO\u1e9e",
    "\ufb01sh and \ufb02ower, o\ufb03ce, \ufb06op, \u0132sland, \u01c5ep",
    "\uff26\uff35\uff2c\uff2c\u3000width \uff21\uff11", "\uff76\uff9e\uff97\uff7d \uff8a\uff9f\uff9d",
    "\u02bcn \u2018a\u2019 \u201aa\u201b \u201eb\u201f \u00abc\u00bb",
    "a\u0000b\u0007c\u000bd\u001be\u007ff\ufeffg\u206ah\ufff9i\ufffcj", "\u001b[36;44mblue\u001b[0m text",
    "line\u2028one\u2029two\u0085three", "e\u0301 o\u0308 composed", "&lt;b&gt; bold", "<b> &amp; &lt;",
    "&amp;amp;amp; four", "&eacute;t&eacute; &EACUTE; &szlig; &SZLIG; &nbsp;x",
    "&copy 2020 &reg; &notit; &not it &ampersand",
    "&#233; &#xe9; &#xE9 &#128; &#x80; &#0; &#xD800; &#x110000; &#11; &#13; &#1114111; &#; &#x; &#xg;",
    "&apos;hi&apos; &quot;yo&quot; &Quot; &QUOT; &LT;",
    "&hellip; &mdash; &ldquo;q&rdquo; &trade; &times; &frac12; &deg;", "&unknown; &x; & &; &&amp;",
    "\u0391\u0393\u0393\u039f\u03a3 \u039f\u03a3 \u03a3 \u03a3\u03a3", "\u0130stanbul I\u0307",
    "<|endoftext|> <|startoftext|>", "x\u0092s c1 quote \u0093a\u0094", "robot\u00a0arm", "a\u200bb\u200dc",
    "\U0001f469\u200d\U0001f680 astronaut", "\u1100\u1161 \u212b \u2126",
    "\u00e2\u20ac\u201c dash \u00e2\u20ac\u201d \u00e2\u20ac\u00a6", "\u00c3\u00bcber gro\u00c3\u0178",
    "\u00e3\u0081\u201a lamp", "a &amp\nb &lt; <c> &amp;\nd &amp;amp;", "&#38;lt;tag&#38;gt;",
    "\u2122 \u2120 \u2460 x\u00b2 \u00be", "\ufffd already", "100% wool \u2014 50\u20ac", "\u00c4\u2026 \u00c4\u2122",
    "Mot\u00f6rhead \u00c4\u00d6\u00dc \u00e4\u00f6\u00fc \u00df", "A\u030a ring",
    "&Auml;&ouml; &alpha;&Omega; &hearts;", "\u00ef\u00bb\u00bfbom",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u062d\u0627 \u05e9\u05dc", "tab\tand\ffeed",
    "\u00e2\u2122\u00a5 heart \u00e2\u02dc\u2026 star", "M\u00c3\u2013BEL", "\u00c2", "\u00c2 ", "\u00c3 la mode",
    "\u00c3\u00a0 la mode", "d\u00c3\u00a9cor, \u00e2\u20ac\u02dcvintage\u00e2\u20ac\u2122",
]


def cleaned(prompt):
    """open_clip_torch 2.29, tokenizer.py: basic_clean, whitespace_clean, lower."""
    text = html.unescape(html.unescape(ftfy.fix_text(prompt))).strip()
    return " ".join(text.split()).strip().lower()


def main():
    print(json.dumps([{"prompt": prompt, "clean": cleaned(prompt)} for prompt in PROMPTS], indent=1))


if __name__ == "__main__":
    main()
