// Where exceptions end: what libraries and layers throw becomes an Error. Around each of the
// generator's public calls.
#pragma once

#include "generator/weights/refused.hpp"

#include <new>

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

namespace generator {

// What ran out of a GPU's memory names the settings that help.
config::Error error_of(const c10::Error& thrown);

// Gives back what torch's allocator keeps of the GPUs' memory for later: to other programs, and to
// libraries that allocate by themselves. Does nothing without a GPU.
void empty_caches() noexcept;

// fn() returns a Result; it runs without gradients.
template <class Fn>
auto guarded(Fn fn) -> decltype(fn()) {
    try {
        const c10::InferenceMode no_gradients;
        return fn();
    } catch (const Refused& refused) {
        return refused.error();
    } catch (const c10::Error& thrown) {
        auto error = error_of(thrown);
        if (error.code == Errc::out_of_memory) empty_caches();  // what fn() held is gone by now
        return error;
    } catch (const std::bad_alloc&) {
        return config::fail(Errc::out_of_memory, "main memory");
    } catch (const std::exception& thrown) {
        return config::fail(Errc::internal, thrown.what());
    }
}

}  // namespace generator
