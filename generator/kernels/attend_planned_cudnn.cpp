#include "generator/kernels/attend_planned.hpp"

#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>

#include <ATen/ATen.h>
#include <ATen/cudnn/Handle.h>
#include <c10/cuda/CUDAGuard.h>
#include <cudnn_frontend.h>

namespace generator {
namespace {

namespace fe = cudnn_frontend;

// ---------------------------------------------------------------- plans

enum Uid : std::int64_t { kQueries = 1, kKeys, kValues, kResult, kQueryRows, kKeyRows };

// What a plan is made for. Strides of batch, head and row; D is contiguous.
struct Key {
    std::int64_t device, type, batch, heads, width, queries, keys, padded;
    std::array<std::int64_t, 3> q, k, v;

    auto operator<=>(const Key&) const = default;
};

void must(fe::error_t error) {
    TORCH_CHECK(error.is_good(), "cuDNN's attention: ", error.get_message());
}

std::vector<std::int64_t> strides_of(const std::array<std::int64_t, 3>& strides) {
    return {strides[0], strides[1], strides[2], 1};
}

std::shared_ptr<fe::graph::Graph> make_plan(const Key& key, cudnnHandle_t handle) {
    using Attributes = fe::graph::Tensor_attributes;
    auto graph = std::make_shared<fe::graph::Graph>();
    graph
        ->set_io_data_type(at::ScalarType(key.type) == at::kHalf ? fe::DataType_t::HALF
                                                                 : fe::DataType_t::BFLOAT16)
        .set_intermediate_data_type(fe::DataType_t::FLOAT)
        .set_compute_data_type(fe::DataType_t::FLOAT);
    const auto tensor = [&](const char* name, Uid uid, std::int64_t rows,
                            const std::array<std::int64_t, 3>& strides) {
        return graph->tensor(Attributes()
                                 .set_name(name)
                                 .set_uid(uid)
                                 .set_dim({key.batch, key.heads, rows, key.width})
                                 .set_stride(strides_of(strides)));
    };
    auto options = fe::graph::SDPA_attributes()
                       .set_name("attention")
                       .set_generate_stats(false)
                       .set_attn_scale(float(1 / std::sqrt(double(key.width))));
    if (key.padded != 0) {
        const auto count = [&](const char* name, Uid uid) {
            return graph->tensor(Attributes()
                                     .set_name(name)
                                     .set_uid(uid)
                                     .set_dim({key.batch, 1, 1, 1})
                                     .set_stride({1, 1, 1, 1})
                                     .set_data_type(fe::DataType_t::INT32));
        };
        options.set_padding_mask(true)
            .set_seq_len_q(count("query rows", kQueryRows))
            .set_seq_len_kv(count("key rows", kKeyRows));
    }
    const auto [result, stats] =
        graph->sdpa(tensor("q", kQueries, key.queries, key.q), tensor("k", kKeys, key.keys, key.k),
                    tensor("v", kValues, key.keys, key.v), options);
    const auto row = key.heads * key.width;
    result->set_output(true)
        .set_uid(kResult)
        .set_dim({key.batch, key.heads, key.queries, key.width})
        .set_stride({key.queries * row, key.width, row, 1});
    must(graph->build(handle, {fe::HeurMode_t::A}));
    return graph;
}

// Of the whole process: plans are the device's, not a network's, and stay.
class Plans {
public:
    static Plans& of_process() {
        static auto* const plans = new Plans;  // libraries that it asks may end before it would
        return *plans;
    }

    // cuDNN makes one at a time, whatever the number of threads that ask (H200, cuDNN 9.19).
    std::shared_ptr<fe::graph::Graph> of(const Key& key) {
        const std::scoped_lock lock(mutex_);
        auto& plan = plans_[key];
        if (!plan) plan = make_plan(key, at::native::getCudnnHandle());
        return plan;
    }

private:
    std::mutex mutex_;
    std::map<Key, std::shared_ptr<fe::graph::Graph>> plans_;
};

// ---------------------------------------------------------------- keys

// [B, T, H, D] -> strides of batch, head and row. A batch of one may have any.
std::array<std::int64_t, 3> strides_of(const at::Tensor& x) {
    return {x.size(0) > 1 ? x.stride(0) : x.size(1) * x.stride(1), x.stride(2), x.stride(1)};
}

Key key_of(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool padded) {
    return {.device = q.device().index(),
            .type = std::int64_t(q.scalar_type()),
            .batch = q.size(0),
            .heads = q.size(2),
            .width = q.size(3),
            .queries = q.size(1),
            .keys = k.size(1),
            .padded = padded,
            .q = strides_of(q),
            .k = strides_of(k),
            .v = strides_of(v)};
}

// As SelfAttention and CrossAttention lay their tensors out: queries, keys and values of a token
// side by side, keys and values of a condition likewise.
std::vector<Key> keys_of(const PlannedNetwork& network) {
    const auto row = network.heads * network.width;
    const auto side_by_side = [&](std::int64_t rows, std::int64_t parts) {
        return std::array{rows * parts * row, network.width, parts * row};
    };
    std::vector<Key> keys;
    for (const auto size : planned_sizes()) {
        Key key{.device = network.device.index(),
                .type = std::int64_t(network.type),
                .batch = 1,
                .heads = network.heads,
                .width = network.width,
                .queries = size,
                .keys = size,
                .padded = 1,
                .q = side_by_side(size, 3),
                .k = side_by_side(size, 3),
                .v = side_by_side(size, 3)};
        keys.push_back(key);
        key.batch = 2;  // guided
        keys.push_back(key);
        key.batch = 1;
        key.keys = network.condition_rows;
        key.padded = 0;
        key.q = side_by_side(size, 1);
        key.k = key.v = side_by_side(network.condition_rows, 2);
        keys.push_back(key);
    }
    return keys;
}

}  // namespace

at::Tensor attend_planned(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                          const at::Tensor& rows) {
    TORCH_CHECK(!rows.defined() || (rows.scalar_type() == at::kInt && rows.numel() == q.size(0) &&
                                    rows.is_contiguous() && q.size(1) == k.size(1)),
                "attend_planned: rows must be [B] int32, of a sequence that attends to itself");
    const c10::cuda::CUDAGuard guard(q.device());
    const auto plan = Plans::of_process().of(key_of(q, k, v, rows.defined()));
    auto result = at::empty({q.size(0), q.size(1), q.size(2) * q.size(3)}, q.options());
    const auto workspace = at::empty({plan->get_workspace_size()}, q.options().dtype(at::kByte));
    std::unordered_map<std::int64_t, void*> tensors{{kQueries, q.data_ptr()},
                                                    {kKeys, k.data_ptr()},
                                                    {kValues, v.data_ptr()},
                                                    {kResult, result.data_ptr()}};
    if (rows.defined()) tensors[kQueryRows] = tensors[kKeyRows] = rows.data_ptr();
    must(plan->execute(at::native::getCudnnHandle(), tensors, workspace.data_ptr()));
    return result;
}

void make_plans(const PlannedNetwork& network) {
    const c10::cuda::CUDAGuard guard(network.device);
    for (const auto& key : keys_of(network)) Plans::of_process().of(key);
}

}  // namespace generator
