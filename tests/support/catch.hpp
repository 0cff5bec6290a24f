// Catch2, whichever is there: 2 is one header (Debian 12), 3 has many (Debian 13, Ubuntu 24.04).
// Tests use the names that both have, or that stand here.
#pragma once

// libtorch, where a test has it, defines a CHECK, too, which ends the program: Catch2's must come
// last.
#if __has_include(<c10/util/Logging.h>)
#include <c10/util/Logging.h>
#endif

#if __has_include(<catch2/catch.hpp>)
#include <catch2/catch.hpp>
#else
#include <catch2/catch_approx.hpp>
#include <catch2/catch_message.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/catch_tostring.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_adapters.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <string>

namespace Catch {

// Of text; the Contains of Catch2 3, Matchers::Contains, is of ranges.
inline auto Contains(const std::string& text) { return Matchers::ContainsSubstring(text); }

using Matchers::Equals;
using Matchers::StartsWith;

}  // namespace Catch

using Catch::Approx;
#endif
