// A library in the place of the networks': of another build where OF_ANOTHER_BUILD is defined.
#include "config/version.hpp"
#include "generator/errc.hpp"
#include "generator/network_library.hpp"

#include <string>

const generator::NetworkLibrary* miner_networks() {
#ifdef OF_ANOTHER_BUILD
    static const std::string build = "0.0.9 (commit 0123456789ab)";
#else
    static const std::string build = config::version_and_commit();
#endif
    static const generator::NetworkLibrary library{
        .build = build.c_str(),
        .memory_need = [](const config::Generator&) -> config::Result<generator::MemoryNeed> {
            return config::fail(generator::Errc::out_of_memory, "in the library");
        }};
    return &library;
}
