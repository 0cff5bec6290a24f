// state_call: the runtime's functions, with arguments and answers as the metadata (V15) describes
// them. Pure; any thread.
#pragma once

#include "config/result.hpp"
#include "network/chain/metadata.hpp"
#include "network/chain/value.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace network {

// The argument bytes of a method such as "NeuronInfoRuntimeApi_get_neurons_lite". Fails with
// not_in_runtime when there is no such method (V14 knows none) or it takes another number of
// arguments, with malformed when one is of another type.
config::Result<std::vector<std::uint8_t>> method_arguments(const Metadata& metadata,
                                                           std::string_view method,
                                                           const std::vector<Value>& arguments);

// False when the runtime has no such method, does not describe it (V14), or says no more of its
// answer than that it is bytes.
bool describes_answer(const Metadata& metadata, std::string_view method);

// The answer, which older runtimes put into a byte vector. Its names are views of `metadata`. Fails
// with not_in_runtime or malformed; bytes left over are malformed.
config::Result<Value> method_answer(const Metadata& metadata, std::string_view method,
                                    std::span<const std::uint8_t> bytes);

}  // namespace network
