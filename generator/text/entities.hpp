// Character references of HTML: "&amp;", "&#233;", "&#xE9;". Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace generator {

// As Python's html.unescape (the HTML standard's rules for text): with and without semicolon where
// the standard allows that, "&notit" as "¬it". Knows the names of HTML 4 and "&apos;"; of the 1,900
// that HTML 5 added none, since prompts do not have them: they stay as they are.
std::u32string unescape_html(std::u32string_view text);

// As ftfy's unescape_html: only what ends in a semicolon, but names of lower case in upper case as
// well.
std::u32string unescape_html_strictly(std::u32string_view text);

}  // namespace generator
