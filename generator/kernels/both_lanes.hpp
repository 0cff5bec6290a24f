// Compiles MINER_LANES_TEXT twice: on the vectors of wide.hpp (in_wide) and of narrow.hpp
// (in_narrow). No guard: each text's source includes it once, where both namespaces shall be.
namespace in_wide {
using namespace wide;
#define MINER_LANES MINER_WIDE
#define MINER_LANES_INLINE MINER_WIDE_INLINE
#include MINER_LANES_TEXT
#undef MINER_LANES
#undef MINER_LANES_INLINE
}  // namespace in_wide

namespace in_narrow {
using namespace narrow;
#define MINER_LANES MINER_NARROW
#define MINER_LANES_INLINE MINER_NARROW_INLINE
#include MINER_LANES_TEXT
#undef MINER_LANES
#undef MINER_LANES_INLINE
}  // namespace in_narrow
