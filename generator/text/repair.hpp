// What open_clip's SimpleTokenizer (open_clip_torch 2.29) does to a prompt before it looks for
// words: ftfy's repair (ftfy.fix_text, Speer 2019, with its defaults), HTML's character references
// resolved twice, lower case. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace generator {

// The text as code points, white space as one blank. Bytes that are no UTF-8 become U+FFFD. Bound
// the prompt before: the work is a few times its length.
//
// Of ftfy this does: references with a semicolon where no "<" is in the line, UTF-8 read as
// Windows-1252 or Latin-1 where nothing else can be meant (see kCertain in repair.cpp), C1 controls
// as Windows-1252, ligatures, full and half width, straight quotes, line breaks, terminal escapes,
// control characters, NFC; again until nothing changes. Not covered: UTF-8 read as another code
// page or with lost bytes, and single wrong letters, which ftfy tells from their neighbours. Such
// prompts get other tokens than at the validator.
std::u32string repaired_prompt(std::string_view utf8);

}  // namespace generator
