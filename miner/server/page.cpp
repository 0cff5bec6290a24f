#include "miner/server/page.hpp"

#include "config/embedded_file.hpp"

#include <array>
#include <cstdint>

extern "C" const config::EmbeddedFile miner_status_page[];
extern "C" const std::uint64_t miner_status_page_count;

namespace miner {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTypes{{
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".json", "application/json"},
}};

}  // namespace

std::optional<PageFile> page_file(std::string_view name) {
    for (std::uint64_t i = 0; i < miner_status_page_count; ++i) {
        const auto& file = miner_status_page[i];
        if (name != file.name) continue;
        for (const auto& [ending, type] : kTypes)
            if (name.ends_with(ending))
                return PageFile{{reinterpret_cast<const char*>(file.data), file.size}, type};
    }
    return std::nullopt;
}

}  // namespace miner
