// Rows named by a table times a matrix, by this processor's vector registers, without torch and
// without copying the rows: six results are summed at a time, straight from where the rows lie, and
// a neighbour that all six lack costs nothing. The same on any number of threads.
#pragma once

#include <algorithm>
#include <cstdint>

namespace generator::gathering {

// T is float or a bf16's bits; lanes.hpp tells whether this processor has the instructions.

inline constexpr std::int64_t kColumns = 64;     // of the matrix that lie together
inline constexpr std::int64_t kRowsAtOnce = 96;  // of the result

struct Size {
    std::int64_t fan;      // rows of x that go into one of the result
    std::int64_t in, out;  // width of these; `in` even, `out` a multiple of 32

    std::int64_t strips() const { return (out + kColumns - 1) / kColumns; }
    std::int64_t columns(std::int64_t strip) const {
        return std::min(kColumns, out - strip * kColumns);
    }
};

// Lays out one strip of weight [fan * in, out], to `packed` [fan * in, columns].
template <class T>
void pack(const T* weight, const Size& size, std::int64_t strip, T* packed);

// Rows of x, `in` wide, that a table of `fan` entries a result names.
template <class T>
struct Source {
    const T* x;
    std::int64_t absent;        // such an entry names no row
    const T* zeros;             // `in` of them, for these
    const std::int64_t* table;  // null: the entries are `first`, first + 1 and so on
    std::int64_t first = 0;

    // From the entries of another result on.
    Source from(std::int64_t result, const Size& size) const {
        const auto entry = result * size.fan;
        return {x, absent, zeros, table ? table + entry : nullptr, first + entry};
    }
    std::int64_t row(std::int64_t entry) const { return table ? table[entry] : first + entry; }
};

enum class Finish { plain, gelu };  // the latter by the tanh formula

// The strip's columns of up to kRowsAtOnce rows of y [rows, out]. Row i is bias plus the sum over k
// of the row that the source's entry i * fan + k names times the weight's rows from k * in on.
// `finish` is applied to it. Without a table it is a plain product, each row of which is taken in
// `fan` parts.
template <class T>
void multiply(const Source<T>& source, std::int64_t rows, const T* packed, const T* bias,
              const Size& size, std::int64_t strip, Finish finish, T* y);

}  // namespace generator::gathering
