"""Tokens of difficult prompts by transformers' own CLIP tokenizer, for tests/golden/text/more_tokens.json.

    python ops/golden/tokens.py [TOKENIZER] > tests/golden/text/more_tokens.json

TOKENIZER: folder of vocab.json and merges.txt; that of tests/golden/text by default. Needs transformers (5.24 was used).
"""
import json
import pathlib
import random
import sys

from transformers import CLIPTokenizerFast

PROMPTS = [
    "<|EndOfText|> x", "<|ENDOFTEXT|>! y", "<|startoftext|>a", "x<|endoftext|>y<|endoftext|>", "<|endoftext", "a\0b\1\x7f",
    "\x1c\x1d\x1e\x1f a", "\x85a\xa0b\u200bc", "\u1680x\u180ey\u2028z\u3000", "\ufeffbom", "İstanbul ΣΑΣ", "ǅ ǆ ᾼ ẞ",
    "e\u0301\u0323 \u1e9b\u0323", "\u2126\u212a\u212b", "\u1100\u1161\u11a8 \uac00", "\u0345\u0300", "٣ ½ Ⅷ ⅷ ²", "ⅠⅡ Ⓐ",
    "don't I'LL we’re 'S 'd've ''s'tt", "\U0001F468\u200d\U0001F469\u200d\U0001F467", "\U0001F1E9\U0001F1EA flag",
    "हिन्दी ไทย עברית العربية", "Ĳ ĳ ﬀ ﬃ ﷺ", "a\u0300\u0301\u0302\u0316\u0317 b", "\U0001D54F \U00010400", "\ufffd\ue000\U0010FFFF",
    "a" * 70 + " " + "b c " * 80, "ab" * 40, "0" * 90, "!" * 200, "\t\n\r \v\f", "word" * 500, "é" * 300,
    "".join(random.Random(7).choices("abcdefgh' 1é", k=400)),
]


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2] / "tests/golden/text/tokenizer")
    tokenizer = CLIPTokenizerFast(vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"))
    rows = [{"prompt": p, "ids": tokenizer(p, max_length=77, padding="max_length", truncation=True)["input_ids"]} for p in PROMPTS]
    print("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]")


if __name__ == "__main__":
    main()
