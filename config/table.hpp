// The rows of the table, by what they are about; what is done with them stands in keys.cpp. Docs
// speak to an operator: what happens when the value changes, not how it is made to happen.
#pragma once

#include "config/keys.hpp"

#include <vector>

namespace config {

// Exact in every program that reads our JSON.
constexpr double kLargestSeed = 9'007'199'254'740'991;

using Rows = std::vector<Key>;

void add_identity(Rows& rows);
void add_schedule(Rows& rows);
void add_generator(Rows& rows);
void add_gate(Rows& rows);
void add_candidates(Rows& rows);
void add_export(Rows& rows);
void add_storage(Rows& rows);
void add_http(Rows& rows);
void add_rehearse(Rows& rows);

}  // namespace config
