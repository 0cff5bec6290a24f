// Where exceptions end: what libraries and layers throw becomes an Error. Around each of the
// generator's public calls.
#pragma once

#include "generator/weights/refused.hpp"

#include <new>

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

namespace generator {

config::Error error_of(const c10::Error& thrown);

// fn() returns a Result; it runs without gradients.
template <class Fn>
auto guarded(Fn fn) -> decltype(fn()) {
    try {
        const c10::InferenceMode no_gradients;
        return fn();
    } catch (const Refused& refused) {
        return refused.error();
    } catch (const c10::Error& thrown) {
        return error_of(thrown);
    } catch (const std::bad_alloc&) {
        return config::fail(Errc::out_of_memory, "main memory");
    } catch (const std::exception& thrown) {
        return config::fail(Errc::internal, thrown.what());
    }
}

}  // namespace generator
