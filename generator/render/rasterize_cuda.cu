// Gaussians to pixels: projected one a thread, in double as on the CPU; listed under a key of tile
// and depth for each tile that they touch; sorted, stably, so that ties keep their order; and laid
// over one another by a block a tile, a thread a pixel, with the ellipses coming through shared
// memory a batch at a time. Bound by the sort and, where many lie behind one another, by the
// exponentials of the last pass.
#include "generator/render/rasterize_cuda.hpp"

#include "generator/errc.hpp"
#include "generator/render/refuse.hpp"
#include "generator/render/tile_walk.hpp"
#include "generator/render/validator_views_cuda.hpp"

#include <bit>
#include <cstring>
#include <new>
#include <string>

#include <ATen/ATen.h>
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <cub/cub.cuh>

namespace generator {
namespace {

// ---------------------------------------------------------------- helpers

constexpr int kThreads = 256;
constexpr int kBatch = kTileSide * kTileSide;  // ellipses in shared memory: one a thread loads
constexpr std::int64_t kMostTouches = std::int64_t(1) << 28;
constexpr float kAlphaMin = 1.0F / 255, kAlphaMax = 0.999F, kStop = 1e-4F;

unsigned blocks(std::int64_t count) { return unsigned((count + kThreads - 1) / kThreads); }

// Device memory for `count` of T, let go of with the tensor.
template <class T>
struct Array {
    explicit Array(std::int64_t count)
        : bytes(at::empty({std::max<std::int64_t>(count, 1) * std::int64_t(sizeof(T))},
                          at::TensorOptions().dtype(at::kByte).device(at::kCUDA))) {}
    T* data() const { return reinterpret_cast<T*>(bytes.mutable_data_ptr<std::uint8_t>()); }

    at::Tensor bytes;
};

template <class T>
Array<T> to_device(std::span<const T> values, cudaStream_t stream) {
    Array<T> array{std::int64_t(values.size())};
    C10_CUDA_CHECK(cudaMemcpyAsync(array.data(), values.data(), values.size_bytes(),
                                   cudaMemcpyHostToDevice, stream));
    return array;
}

template <class T>
void to_host(T* values, const T* from, std::size_t count, cudaStream_t stream) {
    C10_CUDA_CHECK(
        cudaMemcpyAsync(values, from, count * sizeof(T), cudaMemcpyDeviceToHost, stream));
}

struct Counts {
    unsigned long long drawn, not_numbers;
};

struct CountTiles {
    std::int64_t& count;
    MINER_ANYWHERE void operator()(std::size_t) const { ++count; }
};

struct ListTiles {
    std::uint64_t*& key;
    std::uint32_t*& value;
    std::uint32_t depth, ellipse;
    MINER_ANYWHERE void operator()(std::size_t tile) const {
        *key++ = std::uint64_t(tile) << 32 | depth;
        *value++ = ellipse;
    }
};

struct Touched {
    std::uint32_t first, end;
};

// ---------------------------------------------------------------- kernels

__global__ void project_kernel(const Gaussians all, std::int64_t count, const Projector projector,
                               const TileGrid grid, Ellipse* __restrict__ ellipses,  // [count]
                               std::int64_t* __restrict__ touches,                   // [count]
                               Counts* __restrict__ counts) {
    const std::int64_t i = std::int64_t(blockIdx.x) * kThreads + threadIdx.x;
    bool sound = true, drawn = false;
    if (i < count) {
        Ellipse ellipse;
        std::int64_t mine = 0;
        sound = is_sound(all, std::size_t(i));
        drawn = sound && projector(all, std::size_t(i), ellipse);
        if (drawn) {
            for_each_tile(ellipse, grid, CountTiles{mine});
            ellipses[i] = ellipse;
        }
        touches[i] = mine;
    }
    // One addition a block: all go to the same two numbers.
    const int all_drawn = __syncthreads_count(drawn), unsound = __syncthreads_count(!sound);
    if (threadIdx.x != 0) return;
    if (all_drawn > 0) atomicAdd(&counts->drawn, (unsigned long long)(all_drawn));
    if (unsound > 0) atomicAdd(&counts->not_numbers, (unsigned long long)(unsound));
}

__global__ void list_kernel(const Ellipse* __restrict__ ellipses,
                            const std::int64_t* __restrict__ ends,  // of each one's touches
                            std::int64_t count, const TileGrid grid,
                            std::uint64_t* __restrict__ keys,      // [touches] tile, depth
                            std::uint32_t* __restrict__ values) {  // [touches] ellipse
    const std::int64_t i = std::int64_t(blockIdx.x) * kThreads + threadIdx.x;
    if (i >= count) return;
    const std::int64_t begin = i == 0 ? 0 : ends[i - 1];
    if (begin == ends[i]) return;
    auto* key = keys + begin;
    auto* value = values + begin;
    // The bits of a positive float rise with it.
    for_each_tile(ellipses[i], grid,
                  ListTiles{key, value, __float_as_uint(ellipses[i].z), std::uint32_t(i)});
}

__global__ void mark_kernel(const std::uint64_t* __restrict__ keys, std::int64_t count,
                            Touched* __restrict__ tiles) {
    const std::int64_t i = std::int64_t(blockIdx.x) * kThreads + threadIdx.x;
    if (i >= count) return;
    const auto tile = keys[i] >> 32;
    if (i == 0 || keys[i - 1] >> 32 != tile) tiles[tile].first = std::uint32_t(i);
    if (i == count - 1 || keys[i + 1] >> 32 != tile) tiles[tile].end = std::uint32_t(i + 1);
}

__global__ void composite_kernel(const Ellipse* __restrict__ ellipses,
                                 const std::uint32_t* __restrict__ order,
                                 const Touched* __restrict__ tiles, int columns, int width,
                                 int height, std::array<float, 3> background,
                                 float* __restrict__ colour,   // [height, width, 3]
                                 float* __restrict__ alpha,    // [height, width], or null
                                 float* __restrict__ depth) {  // likewise
    __shared__ Ellipse batch[kBatch];
    const int tile = int(blockIdx.x), thread = int(threadIdx.y) * kTileSide + int(threadIdx.x);
    const int column = tile % columns * kTileSide + int(threadIdx.x);
    const int row = tile / columns * kTileSide + int(threadIdx.y);
    const bool inside = column < width && row < height;
    const double left = tile % columns * kTileSide + 0.5, y = row + 0.5;
    float rest = 1, red = 0, green = 0, blue = 0, far = 0;
    bool ended = !inside;
    const Touched touched = tiles[tile];
    for (std::uint32_t first = touched.first; first < touched.end; first += kBatch) {
        // Also keeps the batch until all have done with it.
        if (__syncthreads_and(ended)) break;
        if (first + thread < touched.end) batch[thread] = ellipses[order[first + thread]];
        __syncthreads();
        const int count = int(min(std::uint32_t(kBatch), touched.end - first));
        for (int i = 0; i < count && !ended; ++i) {
            const Ellipse& e = batch[i];
            const double dy = y - e.y;
            const float u = float(left - e.x - double(e.shear) * dy) + float(threadIdx.x);
            const float along_y = float(double(e.down) * dy * dy);
            const float strength = e.opacity * exp2f(-(e.across * u * u + along_y));
            if (!(strength >= kAlphaMin)) continue;
            const float a = fminf(strength, kAlphaMax);
            const float behind = rest * (1 - a);
            if (behind <= kStop) {
                ended = true;
                break;
            }
            const float weight = a * rest;
            red += weight * e.colour[0];
            green += weight * e.colour[1];
            blue += weight * e.colour[2];
            far += weight * e.z;
            rest = behind;
        }
    }
    if (!inside) return;
    const std::int64_t pixel = std::int64_t(row) * width + column;
    colour[3 * pixel] = red + rest * background[0];
    colour[3 * pixel + 1] = green + rest * background[1];
    colour[3 * pixel + 2] = blue + rest * background[2];
    if (alpha) alpha[pixel] = 1 - rest;
    if (depth) depth[pixel] = far;
}

// ---------------------------------------------------------------- launchers

// The same call twice: CUB first tells how much room it wants.
template <class Call>
void with_room(const Call& call) {
    std::size_t bytes = 0;
    C10_CUDA_CHECK(call(nullptr, bytes));
    const Array<std::uint8_t> room{std::int64_t(bytes)};
    C10_CUDA_CHECK(call(room.data(), bytes));
}

// Touches in the order of tiles, and in each near to far, ties by index.
struct Listed {
    Array<std::uint32_t> order;
    Array<Touched> tiles;
};

Listed list(const Array<Ellipse>& ellipses, const Array<std::int64_t>& ends, std::int64_t count,
            std::int64_t total, const TileGrid& grid, cudaStream_t stream) {
    const auto cells = std::int64_t(grid.size());
    Array<std::uint64_t> keys(total), sorted(total);
    Array<std::uint32_t> values(total);
    Listed listed{Array<std::uint32_t>(total), Array<Touched>(cells)};
    C10_CUDA_CHECK(
        cudaMemsetAsync(listed.tiles.data(), 0, std::size_t(cells) * sizeof(Touched), stream));
    if (total == 0) return listed;
    list_kernel<<<blocks(count), kThreads, 0, stream>>>(ellipses.data(), ends.data(), count, grid,
                                                        keys.data(), values.data());
    C10_CUDA_KERNEL_LAUNCH_CHECK();
    const int bits = 32 + std::bit_width(std::uint64_t(cells - 1));
    with_room([&](void* room, std::size_t& bytes) {
        return cub::DeviceRadixSort::SortPairs(room, bytes, keys.data(), sorted.data(),
                                               values.data(), listed.order.data(), total, 0, bits,
                                               stream);
    });
    mark_kernel<<<blocks(total), kThreads, 0, stream>>>(sorted.data(), total, listed.tiles.data());
    C10_CUDA_KERNEL_LAUNCH_CHECK();
    return listed;
}

// Where a picture goes, on the device; alpha and depth may be null.
struct Canvas {
    float *colour, *alpha, *depth;
};

// `there`: on the device. Waits once, for the number of touches, which memory is made for.
config::Result<Counts> draw(const Gaussians& there, const Camera& camera,
                            const RasterizeOptions& options, const Canvas& to,
                            cudaStream_t stream) {
    const auto count = std::int64_t(there.size());
    const TileGrid grid(camera.width, camera.height);
    const Array<Ellipse> ellipses(count);
    const Array<std::int64_t> touches(count), ends(count);
    const Array<Counts> counts(1);
    C10_CUDA_CHECK(cudaMemsetAsync(counts.data(), 0, sizeof(Counts), stream));
    std::int64_t total = 0;
    if (count > 0) {
        project_kernel<<<blocks(count), kThreads, 0, stream>>>(
            there, count, Projector(camera, options), grid, ellipses.data(), touches.data(),
            counts.data());
        C10_CUDA_KERNEL_LAUNCH_CHECK();
        with_room([&](void* room, std::size_t& bytes) {
            return cub::DeviceScan::InclusiveSum(room, bytes, touches.data(), ends.data(), count,
                                                 stream);
        });
        to_host(&total, ends.data() + count - 1, 1, stream);
    }
    Counts told{};
    to_host(&told, counts.data(), 1, stream);
    C10_CUDA_CHECK(cudaStreamSynchronize(stream));
    if (total > kMostTouches)
        return config::fail(Errc::out_of_memory,
                            "rendering: " + std::to_string(total) + " parts of ellipses in tiles");
    if (options.stop.stop_requested()) return config::fail(Errc::cancelled, "rendering");
    const auto listed = list(ellipses, ends, count, total, grid, stream);
    composite_kernel<<<unsigned(grid.size()), dim3(kTileSide, kTileSide), 0, stream>>>(
        ellipses.data(), listed.order.data(), listed.tiles.data(), grid.columns, camera.width,
        camera.height, options.background, to.colour, to.alpha, to.depth);
    C10_CUDA_KERNEL_LAUNCH_CHECK();
    return told;
}

config::Result<Rendering> render(const Gaussians& gaussians, const Camera& camera,
                                 const RasterizeOptions& options) {
    const auto stopped = [&] { return options.stop.stop_requested(); };
    const auto cancelled = config::fail(Errc::cancelled, "rendering");
    if (stopped()) return cancelled;
    const cudaStream_t stream = at::cuda::getCurrentCUDAStream();
    const auto mean = to_device(gaussians.mean, stream), scale = to_device(gaussians.scale, stream),
               tint = to_device(gaussians.colour, stream);
    const auto rotation = to_device(gaussians.rotation, stream);
    const auto opacity = to_device(gaussians.opacity, stream);
    const std::size_t n = gaussians.size();
    const Gaussians there{{mean.data(), n},
                          {rotation.data(), n},
                          {scale.data(), n},
                          {opacity.data(), n},
                          {tint.data(), n}};

    const std::size_t pixels = std::size_t(camera.width) * std::size_t(camera.height);
    const Array<float> colour(std::int64_t(3 * pixels)), alpha{std::int64_t(pixels)},
        depth{std::int64_t(pixels)};
    const auto told =
        draw(there, camera, options, {colour.data(), alpha.data(), depth.data()}, stream);
    if (!told) return told.error();
    Rendering rendering{.width = camera.width, .height = camera.height};
    rendering.colour.resize(3 * pixels);
    rendering.alpha.resize(pixels);
    rendering.depth.resize(pixels);
    rendering.drawn = std::int64_t(told->drawn);
    rendering.not_numbers = std::int64_t(told->not_numbers);
    to_host(rendering.colour.data(), colour.data(), 3 * pixels, stream);
    to_host(rendering.alpha.data(), alpha.data(), pixels, stream);
    to_host(rendering.depth.data(), depth.data(), pixels, stream);
    C10_CUDA_CHECK(cudaStreamSynchronize(stream));
    if (stopped()) return cancelled;
    return rendering;
}

// [N, width], or [N] where the width is 0.
template <class T>
at::Tensor uploaded(const std::vector<T>& values, std::int64_t width = 0) {
    std::vector<std::int64_t> shape{std::int64_t(values.size())};
    if (width > 0) shape.push_back(width);
    return at::from_blob(const_cast<T*>(values.data()), shape, at::kFloat).to(at::kCUDA);
}

template <std::size_t kWidth>
std::span<const std::array<float, kWidth>> rows_of(const at::Tensor& there) {
    return {reinterpret_cast<const std::array<float, kWidth>*>(there.const_data_ptr<float>()),
            std::size_t(there.size(0))};
}

// As validator_scene() has it, where the splats are; exponentials may differ in the last bit.
config::Result<at::Tensor> draw_views(const StoredSplats& splats, const ViewPlan& plan) {
    const cudaStream_t stream = at::cuda::getCurrentCUDAStream();
    const auto [zoom, offset] = validator_frame(splats);
    const auto mean = uploaded(splats.position, 3).sub_(float(offset)).mul_(float(zoom));
    const auto scale = uploaded(splats.log_scale, 3).exp_().mul_(float(zoom));
    const auto colour = uploaded(splats.colour, 3).mul_(kHarmonic).add_(0.5);
    const auto opacity = uploaded(splats.logit).sigmoid_().div_(float(zoom)).clamp_max_(1);
    const auto rotation = uploaded(splats.rotation, 4);
    const Gaussians there{rows_of<3>(mean),
                          rows_of<4>(rotation),
                          rows_of<3>(scale),
                          {opacity.const_data_ptr<float>(), splats.size()},
                          rows_of<3>(colour)};
    std::vector<at::Tensor> views;
    for (int index = 0; index + 1 < kValidatorViews; index += plan.step) {
        auto orbit = validator_orbit(index);
        orbit.width = orbit.height = plan.side;
        const auto camera = orbit_camera(orbit);
        if (auto refused = refuse_to_render(there, camera, {})) return *refused;
        const auto view = at::empty({plan.side, plan.side, 3}, mean.options());
        const auto drawn =
            draw(there, camera, {}, {view.mutable_data_ptr<float>(), nullptr, nullptr}, stream);
        if (!drawn) return drawn.error();
        views.push_back(view.clamp(0, 1).mul_(255).to(at::kByte));  // cut off, not rounded
    }
    return at::stack(views);
}

// What libraries throw becomes an Error. fn() returns a Result and runs on that device.
template <class Fn>
auto on_device(int device, const Fn& fn) -> decltype(fn()) {
    try {
        const c10::cuda::CUDAGuard guard{c10::DeviceIndex(device)};
        return fn();
    } catch (const c10::OutOfMemoryError&) {
        return config::fail(Errc::out_of_memory, "rendering");
    } catch (const c10::Error& thrown) {
        const std::string words = thrown.what_without_backtrace();
        const bool full = words.find("out of memory") != words.npos;
        return config::fail(full ? Errc::out_of_memory : Errc::device_lost,
                            words.substr(0, words.find('\n')));
    } catch (const std::bad_alloc&) {
        return config::fail(Errc::out_of_memory, "rendering");
    }
}

}  // namespace

config::Result<Rendering> rasterize_cuda(const Gaussians& gaussians, const Camera& camera,
                                         const RasterizeOptions& options, int device) {
    if (auto refused = refuse_to_render(gaussians, camera, options)) return *refused;
    return on_device(device, [&] { return render(gaussians, camera, options); });
}

config::Result<at::Tensor> validator_views_cuda(const StoredSplats& splats, const ViewPlan& plan,
                                                int device) {
    return on_device(device, [&] { return draw_views(splats, plan); });
}

}  // namespace generator
