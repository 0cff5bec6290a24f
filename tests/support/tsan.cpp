// What the thread sanitizer cannot see, told to it; part of the generator and of the miner in the
// preset tsan alone.
//
// libgomp is not instrumented, so that the order between a parallel region and what stands before
// and behind it, and its barriers and locks, are unknown, and each loop of a kernel looks like a
// race. The functions below take the place of libgomp's, tell the order and call the real ones.
#include <cstdio>
#include <cstdlib>

#include <dlfcn.h>

extern "C" {
const char* __tsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)
void __tsan_acquire(void* place);  // NOLINT(bugprone-reserved-identifier): the sanitizer's own
void __tsan_release(void* place);  // NOLINT(bugprone-reserved-identifier)
void GOMP_parallel(void (*run)(void*), void* data, unsigned threads, unsigned flags);
void GOMP_barrier();
void GOMP_critical_start();
void GOMP_critical_end();
void GOMP_critical_name_start(void** place);
void GOMP_critical_name_end(void** place);
}

namespace {

char barrier, critical;

// RTLD_NEXT would not find it behind a library that was opened.
template <class Function>
Function* real(const char* name, const char* version) {
    static void* const library = dlopen("libgomp.so.1", RTLD_LAZY | RTLD_NOLOAD);
    if (auto* found = library ? dlvsym(library, name, version) : nullptr)
        return reinterpret_cast<Function*>(found);
    std::fprintf(stderr, "libgomp.so.1 has no %s %s\n", name, version);
    std::abort();
}

struct Region {
    void (*run)(void*);
    void* data;
    char end = 0;
};

void run_in_order(void* place) {
    auto& region = *static_cast<Region*>(place);
    __tsan_acquire(&region);
    region.run(region.data);
    __tsan_release(&region.end);
}

}  // namespace

// The C library frees a thread's storage once the thread has ended, under a lock of its own: where
// a library was opened that has such storage, as libtorch has, that looks like a race, too. Here,
// as a program under test gets no TSAN_OPTIONS from its test.
const char* __tsan_default_suppressions() { return "race:_dl_deallocate_tls\n"; }

void GOMP_parallel(void (*run)(void*), void* data, unsigned threads, unsigned flags) {
    static auto* const next = real<decltype(GOMP_parallel)>("GOMP_parallel", "GOMP_4.0");
    Region region{.run = run, .data = data};
    __tsan_release(&region);
    next(run_in_order, &region, threads, flags);
    __tsan_acquire(&region.end);
}

void GOMP_barrier() {
    static auto* const next = real<decltype(GOMP_barrier)>("GOMP_barrier", "GOMP_1.0");
    __tsan_release(&barrier);
    next();
    __tsan_acquire(&barrier);
}

void GOMP_critical_start() {
    static auto* const next =
        real<decltype(GOMP_critical_start)>("GOMP_critical_start", "GOMP_1.0");
    next();
    __tsan_acquire(&critical);
}

void GOMP_critical_end() {
    static auto* const next = real<decltype(GOMP_critical_end)>("GOMP_critical_end", "GOMP_1.0");
    __tsan_release(&critical);
    next();
}

void GOMP_critical_name_start(void** place) {
    static auto* const next =
        real<decltype(GOMP_critical_name_start)>("GOMP_critical_name_start", "GOMP_1.0");
    next(place);
    __tsan_acquire(place);
}

void GOMP_critical_name_end(void** place) {
    static auto* const next =
        real<decltype(GOMP_critical_name_end)>("GOMP_critical_name_end", "GOMP_1.0");
    __tsan_release(place);
    next(place);
}
