// What `miner inspect` says of a file: what it is, how healthy, what a validator would make of it.
// Any thread.
#pragma once

#include "config/result.hpp"
#include "generator/splat/health.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace generator {

struct Inspection {
    std::string format;  // "ply", "spz-404", "spz-niantic" (gzip), "spz-niantic-v4", "glb"
    std::int64_t bytes = 0;
    std::optional<int> version;        // of SPZ
    std::optional<int> fraction_bits;  // of SPZ
    bool antialiased = false;
    int sh_degree = 0;
    bool trellis_layout = false;    // a PLY with the properties of TRELLIS's save_ply
    std::optional<UpAxis> told_up;  // which way is up by the file's own words

    SplatHealth health;
    // A validator decodes 404's SPZ and nothing else; a PLY becomes that on its way, unchanged but
    // for precision. Of the others the rest says what it would make of them once converted.
    bool decodes = false;
    // Of its data check; empty: it would look.
    std::vector<std::string> objections;
    Normalised normalised;
    std::string up;       // see guess_up
    std::string up_note;  // what is known beside the guess

    bool passes() const { return objections.empty(); }
    std::string to_text() const;  // lines of "name  value", for people
    std::string to_json() const;  // one object; what is not finite is null
};

// Any PLY, SPZ (404's and Niantic's) or GLB. Fails with bad_splats, or out_of_memory.
config::Result<Inspection> inspect(std::span<const std::uint8_t> bytes);

}  // namespace generator
