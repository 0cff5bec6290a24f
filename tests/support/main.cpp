// The main function of all test executables.
#define CATCH_CONFIG_RUNNER  // compiles Catch2 2 here, once; 3 is a library
#include "tests/support/catch.hpp"

#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#endif

int main(int count, char** arguments) { return Catch::Session().run(count, arguments); }
