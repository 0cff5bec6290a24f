#include "generator/trellis/guard.hpp"

#include "tests/support/catch.hpp"

#include <c10/util/Exception.h>

using generator::Errc;

namespace {

config::Error thrown(const std::string& words) {
    return generator::guarded([&]() -> config::Result<int> {
               if (!words.empty()) throw c10::Error(words, nullptr);
               return 0;
           })
        .error();
}

}  // namespace

TEST_CASE("whatever a library calls it, memory that ran out is known as such, with what helps") {
    const auto error = thrown(
        "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 7.66 GiB of "
        "which 1.20 GiB is free. Of the allocated memory 5 GiB is allocated by PyTorch.\nSecond");
    CHECK(error.code == Errc::out_of_memory);
    CHECK(error.detail ==
          "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 7.66 GiB "
          "of which 1.20 GiB is free. (see generator.dtype, score.device and generator.device)");
    for (const auto* words :
         {"CUDA error: out of memory", "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `x`",
          "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
          "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
          "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."}) {
        INFO(words);
        CHECK(thrown(words).code == Errc::out_of_memory);
    }
}

TEST_CASE("what is wrong with a GPU is not taken for memory, nor is anything else") {
    CHECK(thrown("CUDA error: an illegal memory access was encountered").code == Errc::device_lost);
    CHECK(thrown("The size of tensor a must match").code == Errc::internal);
}

TEST_CASE("memory that the host lacks is named, and a cache is emptied without a GPU as well") {
    const auto lacking = [](std::size_t most) {
        return generator::guarded([most]() -> config::Result<int> {
            if (most > 0) throw std::bad_alloc();
            return 0;
        });
    };
    const auto error = lacking(1).error();
    CHECK(error.code == Errc::out_of_memory);
    CHECK(error.detail == "main memory");
    generator::empty_caches();
    CHECK(lacking(0).has_value());
}
