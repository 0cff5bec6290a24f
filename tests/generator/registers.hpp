// What must be right with whatever vector registers a processor has.
#pragma once

#include "generator/kernels/lanes.hpp"

#include <array>

namespace tests {

inline constexpr std::array kAllRegisters{
    generator::lanes::Registers::none, generator::lanes::Registers::avx2,
    generator::lanes::Registers::avx512, generator::lanes::Registers::avx512_bf16};

// While it lives, kernels go as on a processor that has no more than these.
class RegistersAtMost {
public:
    explicit RegistersAtMost(generator::lanes::Registers most) { generator::lanes::most = most; }
    RegistersAtMost(const RegistersAtMost&) = delete;
    RegistersAtMost& operator=(const RegistersAtMost&) = delete;
    ~RegistersAtMost() { generator::lanes::most = kAllRegisters.back(); }
};

}  // namespace tests
