// Rows of the table: what results must be like, and how they are handed in.
#include "config/shapes.hpp"
#include "config/table.hpp"

namespace config {

void add_gate(Rows& rows) {
    // clang-format off
    rows.insert(rows.end(), {
        {.name = "gate.min_gaussians",
         .field = [](Settings& s) -> Field { return &s.gate.min_gaussians; },
         .doc = "A result with fewer Gaussians is sparse and is tried again from a more strongly enhanced picture.",
         .unit = "Gaussians",
         .least = 0,
         .most = 10'000'000},
        {.name = "gate.floor",
         .field = [](Settings& s) -> Field { return &s.gate.floor; },
         .doc = "An improved but still sparse result is submitted if it has so many; "
                "validators score less than 7000 with zero.",
         .unit = "Gaussians",
         .least = 0,
         .most = 10'000'000},
        {.name = "gate.attempts",
         .field = [](Settings& s) -> Field { return &s.gate.attempts; },
         .doc = "Attempts at a task's structure, the first included; 1: sparse results are not retried. A prompt has "
                "another seed each time; a picture is enhanced more strongly from the second attempt on and has "
                "another seed from the third on.",
         .unit = "attempts",
         .least = 1,
         .most = 10},
        {.name = "gate.max_invisible",
         .field = [](Settings& s) -> Field { return &s.gate.max_invisible; },
         .doc = "A result with a larger share of opacities below 0.001 is not submitted: the next attempt takes its "
                "place. 1: never mind. It is measured before the export leaves anything out, as are the next four.",
         .least = 0,
         .most = 1},
        {.name = "gate.min_opacity_spread",
         .field = [](Settings& s) -> Field { return &s.gate.min_opacity_spread; },
         .doc = "Likewise when the opacities' standard deviation is smaller: bad results often have one and the same "
                "everywhere. 0: never mind.",
         .least = 0,
         .most = 0.5},
        {.name = "gate.max_non_finite",
         .field = [](Settings& s) -> Field { return &s.gate.max_non_finite; },
         .doc = "Likewise when a larger share of the Gaussians holds what is no finite number. 1: never mind.",
         .least = 0,
         .most = 1},
        {.name = "gate.max_identity_rotations",
         .field = [](Settings& s) -> Field { return &s.gate.max_identity_rotations; },
         .doc = "Likewise when a larger share of the Gaussians is not turned at all. 1: never mind.",
         .least = 0,
         .most = 1},
        {.name = "gate.min_extent",
         .field = [](Settings& s) -> Field { return &s.gate.min_extent; },
         .doc = "Likewise when the largest side of the object is shorter; the model works in a cube of side 1. "
                "0: never mind.",
         .least = 0,
         .most = 1},
        {.name = "enhance.standard",
         .field = [](Settings& s) -> Field { return &s.enhance.standard; },
         .doc = "What is done to a picture before the first attempt, in this order.",
         .shape = &kOperationShape},
        {.name = "enhance.extreme",
         .field = [](Settings& s) -> Field { return &s.enhance.extreme; },
         .doc = "What is done to the original picture before a retry, in this order.",
         .shape = &kOperationShape},
        {.name = "enhance.applies_to",
         .field = [](Settings& s) -> Field { return &s.enhance.applies_to; },
         .doc = "structure: colours are painted from the original picture, at the price of encoding one more; "
                "both: from the enhanced one.",
         .choices = {"both", "structure"}},
    });
    // clang-format on
}

void add_candidates(Rows& rows) {
    // clang-format off
    rows.insert(rows.end(), {
        {.name = "candidates.most",
         .field = [](Settings& s) -> Field { return &s.candidates.most; },
         .doc = "Results of one task that are made and scored by score.model, of which the best is submitted, as long "
                "as being early wins nothing. The gate's attempts come first and count. 1, or no score.model: the "
                "first result that passes the gate is submitted.",
         .unit = "results",
         .least = 1,
         .most = 64},
        {.name = "candidates.enough",
         .field = [](Settings& s) -> Field { return &s.candidates.enough; },
         .doc = "No more are made once one is predicted to score so much: above a validator's threshold, 0.6, a higher "
                "score earns nothing by itself.",
         .least = 0,
         .most = 2},
        {.name = "candidates.window",
         .field = [](Settings& s) -> Field { return &s.candidates.window; },
         .doc = "Time from the pull to the answer of the submission in which candidates are made. 0: as long as the "
                "validator says that nothing is won by being early, 30 s.",
         .unit = "s",
         .least = 0,
         .most = 3'600},
        {.name = "candidates.way",
         .field = [](Settings& s) -> Field { return &s.candidates.way; },
         .doc = "Of it, what a submission takes until it is judged; the slowest of a validator's last ones counts "
                "once there are some.",
         .unit = "s",
         .least = 0,
         .most = 3'600},
        {.name = "candidates.margin",
         .field = [](Settings& s) -> Field { return &s.candidates.margin; },
         .doc = "Of it, what is kept free besides.",
         .unit = "s",
         .least = 0,
         .most = 3'600},
        {.name = "candidates.withhold",
         .field = [](Settings& s) -> Field { return &s.candidates.withhold; },
         .doc = "Whether the empty result is sent, which costs nothing, in place of one that would probably be refused, "
                "which costs 600 s. auto: where enough predictions were compared with what validators gave, or "
                "score.model leaves no part of the score out.",
         .choices = {"auto", "never"}},
    });
    // clang-format on
}

void add_export(Rows& rows) {
    // clang-format off
    rows.insert(rows.end(), {
        {.name = "export.up",
         .field = [](Settings& s) -> Field { return &s.export_.up; },
         .doc = "y: upright for SN17's validators; "
                "trellis: upright in common viewers, upside down for those validators.",
         .choices = {"y", "trellis"}},
        {.name = "export.size",
         .field = [](Settings& s) -> Field { return &s.export_.size; },
         .doc = "Largest side of the bounding box. "
                "Validators scale to 1.5 and divide opacities by their factor, so 1.5 keeps them; 0: as generated.",
         .least = 0,
         .most = 100},
        {.name = "export.centre",
         .field = [](Settings& s) -> Field { return &s.export_.centre; },
         .doc = "Moves the object to the middle on each axis; validators do it with one number for all three."},
        {.name = "export.margin",
         .field = [](Settings& s) -> Field { return &s.export_.margin; },
         .doc = "Gaussians further than this outside the unit cube are left out, as a single stray shrinks the whole; "
                "negative: none.",
         .least = -1,
         .most = 10},
        {.name = "export.min_opacity",
         .field = [](Settings& s) -> Field { return &s.export_.min_opacity; },
         .doc = "Gaussians fainter than this are left out: nobody sees them.",
         .least = 0,
         .most = 1},
        {.name = "export.fraction_bits",
         .field = [](Settings& s) -> Field { return &s.export_.fraction_bits; },
         .doc = "Precision of positions in an SPZ; more is finer, and leaves less room for size.",
         .unit = "bits",
         .least = 8,
         .most = 20},
        {.name = "export.zstd_level",
         .field = [](Settings& s) -> Field { return &s.export_.zstd_level; },
         .doc = "Effort of compression; a higher level is slower and hardly smaller.",
         .least = 1,
         .most = 19},
    });
    // clang-format on
}

}  // namespace config
