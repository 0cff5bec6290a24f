// The page and what belongs to it, as compiled in.
#pragma once

#include <optional>
#include <string_view>

namespace miner {

struct PageFile {
    std::string_view bytes, type;
};

// By name without a slash: "index.html", "page.js".
std::optional<PageFile> page_file(std::string_view name);

}  // namespace miner
