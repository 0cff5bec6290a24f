// The embedded model: the files of nano/model inside the executable, so that it can generate on a
// machine with nothing else on it. What the model is and how it was made: nano/model/README.md. Any
// thread.
#pragma once

#include "generator/weights/files.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace generator {

// Bytes of an embedded file, "ckpts/ss_flow.json"; they live as long as the process. Empty when
// there is none.
std::optional<std::span<const std::byte>> embedded_file(std::string_view name);

// Names of all of them, in ascending order.
std::vector<std::string_view> embedded_names();

// As a checkpoint to read.
std::unique_ptr<Files> embedded_files();

}  // namespace generator
