// What is in a report: tests/endure/secrets_test.
#include "miner/runtime/crash_report.hpp"

#include "tests/support/broken_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/forked.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>

TEST_CASE("a folder that cannot be read to its end keeps nobody from starting") {
    const tests::TemporaryFolder folder;
    for (const auto* name : {"a", "b", "c"}) std::ofstream(folder.path() / name) << "x";
    const auto outcome = tests::run_forked([&] {
        const tests::BrokenFolder broken(folder.path());
        miner::report_crashes(folder.path());
        return 0;
    });
    CHECK(outcome.exit_status.code == 0);
}
