// A value, or a list, that several threads of a test read and write.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <utility>

namespace tests {

template <class T>
class Guarded {
public:
    Guarded() = default;
    explicit Guarded(T value) : value_(std::move(value)) {}

    Guarded& operator=(T value) {
        const std::lock_guard lock(mutex_);
        value_ = std::move(value);
        return *this;
    }
    T get() const {
        const std::lock_guard lock(mutex_);
        return value_;
    }

    // Of a list. What is returned is a copy, so that nobody holds on to what another changes.
    auto at(std::size_t index) const { return element(get().at(index)); }
    auto operator[](std::size_t index) const { return at(index); }
    std::size_t size() const { return get().size(); }
    bool empty() const { return get().empty(); }
    template <class Element>
    void push_back(Element element) {
        const std::lock_guard lock(mutex_);
        value_.push_back(std::move(element));
    }
    // Of a list whose last entry repeats.
    auto in_turn(std::size_t index) const {
        const auto list = get();
        return element(list[std::min(index, list.size() - 1)]);
    }

    friend bool operator==(const Guarded& a, const Guarded& b) { return a.get() == b.get(); }
    friend bool operator==(const Guarded& a, const T& b) { return a.get() == b; }

private:
    // An entry of a list of bools is no bool by itself.
    template <class List = T>
    static typename List::value_type element(typename List::const_reference found) {
        return found;
    }

    mutable std::mutex mutex_;
    T value_{};
};

}  // namespace tests
