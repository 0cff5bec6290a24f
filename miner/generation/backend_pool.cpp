#include "miner/generation/backend_pool.hpp"

#include "network/await_all.hpp"
#include "network/tls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace miner {
namespace {

constexpr std::chrono::seconds kBetweenChecks{10};

}  // namespace

config::Result<std::unique_ptr<BackendPool>> BackendPool::build(Lanes& lanes, config::Logger& log,
                                                                const config::Generator& settings,
                                                                Extent extent) {
    std::unique_ptr<BackendPool> pool(new BackendPool);
    pool->settings_ = settings;
    auto devices = device_names(settings);
    if (extent == Extent::one && devices.size() > 1) devices.resize(1);
    for (const auto& device : devices)
        pool->devices_.push_back(std::make_unique<LocalBackend>(lanes, device));
    const auto tell = [self = pool.get()] {
        ++self->version_;
        if (self->change_) self->change_->happen();
    };
    for (auto& device : pool->devices_) device->on_change(tell);
    if (extent == Extent::one && !devices.empty()) return pool;
    for (const auto& text : settings.remote) {
        auto url = network::parse_http_url(text);
        if (!url) return url.error();
        RemoteBackend::Options options{
            .url = std::move(*url), .token = settings.remote_token, .tls = nullptr};
        if (options.url.tls) options.tls = network::Tls::system();
        pool->remotes_.push_back(std::make_unique<RemoteBackend>(lanes, log, std::move(options)));
        pool->remotes_.back()->on_change(tell);
    }
    return pool;
}

asio::awaitable<config::Result<void>> BackendPool::load(const MakeGenerator& make_generator,
                                                        Start start) {
    std::optional<config::Error> error;
    const auto one = [&](LocalBackend& device) -> asio::awaitable<void> {
        const auto loaded = co_await device.load(make_generator, settings_, start);
        if (!loaded && !error) error = loaded.error();
    };
    std::vector<asio::awaitable<void>> children;
    for (auto& device : devices_) children.push_back(one(*device));
    for (auto& remote : remotes_) children.push_back(remote->check());
    co_await network::await_all(std::move(children));
    if (!error) co_return config::Result<void>();
    co_await unload();
    co_return *error;
}

asio::awaitable<void> BackendPool::unload() {
    closed_ = true;
    ++version_;
    if (change_) change_->happen();
    for (auto& device : devices_) {
        co_await device->until_idle();
        co_await device->unload();
    }
    for (auto& remote : remotes_) {
        co_await remote->close();
    }
}

void BackendPool::on_stuck(const std::function<void(const std::string& device)>& told,
                           std::optional<std::chrono::milliseconds> patience) {
    for (auto& device : devices_) device->on_stuck(told, patience);
}

asio::awaitable<void> BackendPool::watch(Stop& stop) {
    if (remotes_.empty()) co_return;
    while (co_await stop.sleep(kBetweenChecks)) {
        auto checking = check();
        auto waiting = stop.unless_asked(std::move(checking));
        co_await std::move(waiting);
    }
}

asio::awaitable<bool> BackendPool::check() {
    std::vector<asio::awaitable<void>> checks;
    for (auto& remote : remotes_) checks.push_back(remote->check());
    co_await network::await_all(std::move(checks));
    co_return true;
}

std::vector<const Backend*> BackendPool::backends() const {
    std::vector<const Backend*> all;
    for (const auto& device : devices_) all.push_back(device.get());
    for (const auto& remote : remotes_) all.push_back(remote.get());
    return all;
}

Backend* BackendPool::best(const GenerationRequest& request,
                           const std::set<const Backend*>& excluded, bool here_only,
                           bool with_room) const {
    if (closed_) return nullptr;
    const bool none_takes_this_kind = is_prompt(request) ? !takes_prompts() : !takes_pictures();
    // Rounds of its places that the request would be in.
    const auto rounds = [](const Backend& backend) {
        return double(backend.load() + 1) / double(std::max<std::size_t>(backend.places(), 1));
    };
    Backend* best = nullptr;
    const auto look = [&](Backend& backend) {
        if (!backend.is_there() || !backend.can_be_given(request) || excluded.count(&backend) > 0)
            return;
        if (with_room && !backend.has_room()) return;
        if (!none_takes_this_kind && !backend.takes(request)) return;
        if (!best || rounds(backend) < rounds(*best)) best = &backend;
    };
    for (const auto& device : devices_) look(*device);
    if (!here_only)
        for (const auto& remote : remotes_) look(*remote);
    return best;
}

Backend* BackendPool::pick(const GenerationRequest& request,
                           const std::set<const Backend*>& excluded, bool here_only) const {
    return best(request, excluded, here_only, true);
}

Backend* BackendPool::awaited(const GenerationRequest& request,
                              const std::set<const Backend*>& excluded, bool here_only) const {
    return best(request, excluded, here_only, false);
}

std::size_t BackendPool::places() const {
    std::size_t places = 0;
    for (const auto* backend : backends()) places += backend->places();
    return places;
}

asio::awaitable<std::uint64_t> BackendPool::changed(std::uint64_t seen,
                                                    network::Event::Time until) {
    if (!change_) change_.emplace(co_await asio::this_coro::executor);
    while (version_ == seen && std::chrono::steady_clock::now() < until) {
        co_await change_->wait(until);
    }
    co_return version_;
}

bool BackendPool::able() const {
    const auto all = backends();
    return std::any_of(all.begin(), all.end(), [](const auto* one) { return one->able(); });
}

bool BackendPool::may_take_minutes() const {
    return devices_.empty() || std::any_of(devices_.begin(), devices_.end(),
                                           [](const auto& one) { return one->where() == "cpu"; });
}

bool BackendPool::takes_pictures() const {
    const auto all = backends();
    return std::any_of(all.begin(), all.end(),
                       [](const auto* one) { return one->takes_pictures(); });
}

bool BackendPool::takes_prompts() const {
    const auto all = backends();
    return std::any_of(all.begin(), all.end(),
                       [](const auto* one) { return one->takes_prompts(); });
}

generator::ModelInfo BackendPool::info() const {
    if (devices_.empty())
        return {.name = fmt::format("elsewhere (generator.remote names {})", remotes_.size()),
                .device = "remote",
                .dtype = "unknown"};
    auto info = devices_.front()->info();
    for (std::size_t i = 1; i < devices_.size(); ++i) {
        info.device += "," + devices_[i]->info().device;
        info.device_choice += "; " + devices_[i]->info().device_choice;
    }
    return info;
}

}  // namespace miner
