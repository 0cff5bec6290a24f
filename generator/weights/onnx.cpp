#include "generator/weights/onnx.hpp"

#include "generator/errc.hpp"

#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

namespace generator {
namespace {

using View = std::span<const std::byte>;

constexpr std::size_t kMostName = 512;
constexpr std::size_t kMostDimensions = 8;
constexpr std::int64_t kMostElements = std::int64_t(1) << 40;
constexpr std::size_t kWeightDimensions = 4, kBiasDimensions = 1;  // of pictures' convolutions

// Numbers of fields in onnx.proto.
constexpr int kModelGraph = 7, kGraphNode = 1, kGraphInitializer = 5;
constexpr int kNodeInput = 1, kNodeKind = 4;
constexpr int kTensorDims = 1, kTensorType = 2, kTensorFloats = 4, kTensorName = 8, kTensorRaw = 9;
constexpr std::uint64_t kFloat = 1;

struct Field {
    int number = 0;
    std::uint64_t value = 0;  // of a varint
    View bytes;               // of a length-delimited or fixed field
    bool is_varint = false;
};

// One message, field by field; nested ones are read by readers of their own.
class Reader {
public:
    explicit Reader(View bytes) : rest_(bytes) {}

    // False at the end, and when the bytes are no message (then broken() says so).
    bool next(Field& field) {
        if (rest_.empty() || broken_) return false;
        std::uint64_t key = 0;
        if (!varint(key)) return false;
        field = {.number = int(key >> 3 & 0x1fffffff)};
        switch (key & 7) {
            case 0:
                field.is_varint = true;
                return varint(field.value);
            case 1:
                return take(8, field.bytes);
            case 2: {
                std::uint64_t size = 0;
                return varint(size) && take(size, field.bytes);
            }
            case 5:
                return take(4, field.bytes);
            default:  // groups, which nobody writes any more
                return fail();
        }
    }

    bool varint(std::uint64_t& value) {
        value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (rest_.empty()) return fail();
            const auto byte = std::to_integer<std::uint64_t>(rest_.front());
            rest_ = rest_.subspan(1);
            value |= (byte & 0x7f) << shift;
            if (byte < 0x80) return true;
        }
        return fail();
    }

    bool at_end() const { return rest_.empty(); }
    bool broken() const { return broken_; }

private:
    bool take(std::uint64_t size, View& bytes) {
        if (size > rest_.size()) return fail();
        bytes = rest_.first(std::size_t(size));
        rest_ = rest_.subspan(std::size_t(size));
        return true;
    }

    bool fail() {
        broken_ = true;
        return false;
    }

    View rest_;
    bool broken_ = false;
};

std::string_view text(View bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A node of the graph, as far as it matters.
struct Node {
    bool is_convolution = false;
    std::vector<std::string> inputs;
};

std::optional<Node> read_node(View bytes) {
    Node node;
    Reader reader(bytes);
    for (Field field; reader.next(field);) {
        if (field.number == kNodeKind) node.is_convolution = text(field.bytes) == "Conv";
        if (field.number != kNodeInput) continue;
        if (field.bytes.size() > kMostName) return std::nullopt;
        node.inputs.emplace_back(text(field.bytes));
    }
    if (reader.broken()) return std::nullopt;
    return node;
}

struct Tensor {
    std::string name;
    std::vector<std::int64_t> shape;
    std::uint64_t type = 0;
    View data;

    bool fits() const {
        std::int64_t elements = 1;
        for (const auto side : shape) {
            if (side <= 0 || side > kMostElements / elements) return false;
            elements *= side;
        }
        return type == kFloat && data.size() % 4 == 0 && std::int64_t(data.size() / 4) == elements;
    }
};

bool add_dimension(Tensor& tensor, std::uint64_t side) {
    if (tensor.shape.size() == kMostDimensions) return false;
    tensor.shape.push_back(std::int64_t(side & 0x7fffffffffffffff));
    return true;
}

// Dimensions come one by one or packed; numbers as raw bytes or as a packed list of floats.
std::optional<Tensor> read_tensor(View bytes) {
    Tensor tensor;
    Reader reader(bytes);
    for (Field field; reader.next(field);) {
        if (field.number == kTensorDims && field.is_varint) {
            if (!add_dimension(tensor, field.value)) return std::nullopt;
        } else if (field.number == kTensorDims) {
            Reader packed(field.bytes);
            for (std::uint64_t side = 0; !packed.at_end();)
                if (!packed.varint(side) || !add_dimension(tensor, side)) return std::nullopt;
        } else if (field.number == kTensorType) {
            tensor.type = field.value;
        } else if (field.number == kTensorName) {
            if (field.bytes.size() > kMostName) return std::nullopt;
            tensor.name = text(field.bytes);
        } else if (field.number == kTensorRaw || field.number == kTensorFloats) {
            tensor.data = field.bytes;
        }
    }
    if (reader.broken()) return std::nullopt;
    return tensor;
}

struct Graph {
    std::vector<Node> convolutions;
    std::map<std::string, Tensor> tensors;
};

std::optional<Graph> read_graph(View bytes) {
    Graph graph;
    Reader reader(bytes);
    for (Field field; reader.next(field);) {
        if (field.number == kGraphNode) {
            auto node = read_node(field.bytes);
            if (!node) return std::nullopt;
            if (node->is_convolution) graph.convolutions.push_back(std::move(*node));
        } else if (field.number == kGraphInitializer) {
            auto tensor = read_tensor(field.bytes);
            if (!tensor) return std::nullopt;
            auto name = tensor->name;
            graph.tensors.insert_or_assign(std::move(name), std::move(*tensor));
        }
    }
    if (reader.broken()) return std::nullopt;
    return graph;
}

}  // namespace

config::Result<Onnx> Onnx::parse(Bytes bytes, std::string file) {
    const auto refused = [&](const std::string& what) {
        return config::fail(Errc::bad_checkpoint, file + ": " + what);
    };
    std::optional<View> graph_bytes;
    Reader model(bytes.data);
    for (Field field; model.next(field);)
        if (field.number == kModelGraph) graph_bytes = field.bytes;
    if (model.broken()) return refused("no ONNX file, or cut short");
    if (!graph_bytes) return refused("holds no graph");
    const auto graph = read_graph(*graph_bytes);
    if (!graph) return refused("its graph is damaged");

    Onnx onnx;
    for (const auto& node : graph->convolutions) {
        const auto where = "convolution " + std::to_string(onnx.convolutions_.size()) + ": ";
        if (node.inputs.size() != 3) return refused(where + "has no weight and bias");
        OnnxConvolution convolution{node.inputs[1], node.inputs[2], {}, {}};
        for (auto [name, view, dimensions] :
             {std::tuple(&convolution.weight_name, &convolution.weight, kWeightDimensions),
              std::tuple(&convolution.bias_name, &convolution.bias, kBiasDimensions)}) {
            const auto found = graph->tensors.find(*name);
            if (found == graph->tensors.end())
                return refused(where + "its tensor '" + *name + "' is not in the file");
            if (!found->second.fits())
                return refused(where + "its tensor '" + *name + "' is no fp32 of its shape");
            if (const auto has = found->second.shape.size(); has != dimensions)
                return refused(where + "its tensor '" + *name + "' has " + std::to_string(has) +
                               " dimensions, not " + std::to_string(dimensions));
            *view = {Dtype::f32, found->second.shape, found->second.data};
        }
        onnx.convolutions_.push_back(std::move(convolution));
    }
    onnx.bytes_ = std::move(bytes);
    onnx.file_ = std::move(file);
    return onnx;
}

}  // namespace generator
