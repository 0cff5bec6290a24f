// What shells need to complete our commands and flags, and the manual page: rendered from the table
// that the help is made of. Pure.
#pragma once

#include <string>
#include <string_view>

namespace miner {

// shell: "bash", "zsh" or "fish".
std::string render_completion(std::string_view shell);
std::string render_man_page();

}  // namespace miner
