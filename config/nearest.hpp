// "Did you mean ...?"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace config {

// The candidate with the fewest typing errors (a letter missing, too many, wrong, or two swapped);
// empty when none is near: more than a third of the word would be wrong.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace config
