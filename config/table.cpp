#include "config/table.hpp"

namespace config {
namespace {

// In the order in which they are shown.
Rows all_rows() {
    Rows rows;
    add_identity(rows);
    add_schedule(rows);
    add_generator(rows);
    add_gate(rows);
    add_candidates(rows);
    add_export(rows);
    add_storage(rows);
    add_http(rows);
    add_rehearse(rows);
    return rows;
}

}  // namespace

std::span<const Key> keys() {
    static const Rows rows = all_rows();
    return rows;
}

}  // namespace config
