// What must be the same with and without AVX2.
#pragma once

#include "generator/avx2.hpp"

namespace tests {

// While it lives, as on a processor without.
class AvxHidden {
public:
    explicit AvxHidden(bool hidden) { generator::avx2_is_hidden = hidden; }
    AvxHidden(const AvxHidden&) = delete;
    AvxHidden& operator=(const AvxHidden&) = delete;
    ~AvxHidden() { generator::avx2_is_hidden = false; }
};

}  // namespace tests
