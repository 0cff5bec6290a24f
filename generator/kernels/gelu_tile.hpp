// gelu on a processor with 512-bit registers, without torch.
#pragma once

#include <cstdint>

namespace generator::gelu {

// T is float or a bf16's bits; wide.hpp tells whether this processor has the instructions. `count`
// is a multiple of 16.
template <class T>
void apply(T* values, std::int64_t count);

}  // namespace generator::gelu
