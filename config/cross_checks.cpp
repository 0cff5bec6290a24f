#include "config/cross_checks.hpp"

#include "config/keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace config {
namespace {

constexpr int kSubnet = 17;       // on finney
constexpr int kTestSubnet = 220;  // its twin on the test network

// A validator scores a result with fewer Gaussians with zero.
constexpr std::int64_t kValidatorFloor = 7'000;

Origin& origin_of(Loaded& loaded, std::string_view key) { return loaded.origin.find(key)->second; }

void warn_of_netuid(Loaded& loaded) {
    const int netuid = loaded.settings.netuid;
    const std::string& network = loaded.settings.subtensor.network;
    if (netuid != kSubnet && netuid != kTestSubnet) {
        loaded.warnings.push_back(
            fmt::format("netuid {} is not known as the 3D subnet: it is {} on finney, {} on test",
                        netuid, kSubnet, kTestSubnet));
    } else if ((netuid == kSubnet && network == "test") ||
               (netuid == kTestSubnet && network == "finney")) {
        loaded.warnings.push_back(fmt::format(
            "netuid {} on {} is another subnet: the 3D subnet is {} on finney, {} on test", netuid,
            network, kSubnet, kTestSubnet));
    }
}

// Either all take the place of the chain's validators or all come besides them.
void check_validators(const Loaded& loaded, Faults& faults) {
    const auto& named = loaded.settings.validators;
    const auto adding = std::count_if(named.begin(), named.end(), [](const std::string& entry) {
        return entry.starts_with('+');
    });
    if (adding == 0 || std::size_t(adding) == named.size()) return;
    faults.push_back({"validators", loaded.origin.find("validators")->second.text(),
                      fmt::format("{} of {} entries begin with +; write it before all of them, to "
                                  "ask them besides the chain's validators, or before none, to ask "
                                  "them instead",
                                  adding, named.size())});
}

void warn_of_picture_service(Loaded& loaded) {
    const PictureService& service = loaded.settings.picture_service;
    if (service.url.empty()) return;
    if (loaded.settings.generator.matting == "never")
        loaded.warnings.push_back(
            "generator.matting never leaves the pictures of picture_service.url with their "
            "backgrounds");
    const std::string_view url = service.url;
    const bool here = url.starts_with("http://127.") || url.starts_with("http://localhost") ||
                      url.starts_with("http://[::1]");
    if (!service.key.empty() && url.starts_with("http://") && !here)
        loaded.warnings.push_back(
            "picture_service.key goes to picture_service.url unencrypted: prefer https");
}

}  // namespace

void settle_network(Loaded& loaded, const Environment& environment, Faults& faults) {
    Subtensor& subtensor = loaded.settings.subtensor;
    Origin& network = origin_of(loaded, "subtensor.network");
    Origin& endpoint = origin_of(loaded, "subtensor.chain_endpoint");
    const bool no_endpoint = endpoint.kind == Origin::Kind::preset;
    if (network.kind == Origin::Kind::preset && no_endpoint &&
        loaded.settings.netuid == kTestSubnet) {
        subtensor.network = "test";
        network.place = fmt::format("for netuid {}", kTestSubnet);
    }
    if (!no_endpoint && !subtensor.chain_endpoint.empty() && network.kind > endpoint.kind) {
        loaded.warnings.push_back(
            fmt::format("subtensor.network ({}) beats subtensor.chain_endpoint ({})",
                        network.text(), endpoint.text()));
        subtensor.chain_endpoint.clear();
        endpoint = {Origin::Kind::preset, "as subtensor.network beats it"};
    }
    const std::string local = variable(environment, "BT_SUBTENSOR_CHAIN_ENDPOINT");
    if (no_endpoint && subtensor.network == "local" && !local.empty()) {
        const Key& key = *find_key("subtensor.chain_endpoint");
        endpoint = {Origin::Kind::environment, "BT_SUBTENSOR_CHAIN_ENDPOINT"};
        if (const auto wrong = assign_text(key, {local}, loaded.settings)) {
            faults.push_back({std::string(key.name), endpoint.place, *wrong});
        }
    }
}

void cross_check(Loaded& loaded, Faults& faults) {
    const Settings& settings = loaded.settings;
    const Gate& gate = settings.gate;
    if (gate.floor > gate.min_gaussians) {
        faults.push_back(
            {"gate.floor", origin_of(loaded, "gate.floor").text(),
             fmt::format(
                 "{} is above gate.min_gaussians, {} ({}); lower the floor or raise the gate",
                 gate.floor, gate.min_gaussians, origin_of(loaded, "gate.min_gaussians").text())});
    }
    // Positions have 24 bits with their sign. The mean is in the middle, from which the far end of
    // a lopsided object lies up to a whole side away, and strays further by the margin.
    const double reach = settings.export_.size * (1 + std::max(0.0, settings.export_.margin));
    if (reach >= std::ldexp(1.0, 23 - settings.export_.fraction_bits)) {
        faults.push_back({"export.fraction_bits", origin_of(loaded, "export.fraction_bits").text(),
                          fmt::format("{} bits leave no room for export.size {}; lower one of them",
                                      settings.export_.fraction_bits, settings.export_.size)});
    }
    const Generator& generator = settings.generator;
    if (generator.device == "none" && generator.devices.empty() && generator.remote.empty()) {
        faults.push_back({"generator.device", origin_of(loaded, "generator.device").text(),
                          "none, and generator.remote names nobody: give one of them"});
    }
    check_validators(loaded, faults);
    warn_of_netuid(loaded);
    warn_of_picture_service(loaded);
    if (gate.floor < kValidatorFloor) {
        loaded.warnings.push_back(
            fmt::format("gate.floor {} lets results pass that validators score with zero: "
                        "they want {} Gaussians",
                        gate.floor, kValidatorFloor));
    }
    if (settings.export_.up != "y") {
        loaded.warnings.push_back("export.up trellis is upside down for SN17's validators");
    }
}

}  // namespace config
