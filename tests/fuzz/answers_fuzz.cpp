// What other servers make for us: another miner's answer to /generate, with two of its headers in
// front, and a picture of a server of the OpenAI images API.
#include "config/escape.hpp"
#include "miner/generation/remote_answer.hpp"
#include "network/picture_answer.hpp"
#include "tests/fuzz/input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto rest = fuzz::text(data, size);
    const auto gaussians = std::string(fuzz::take(rest)), after = std::string(fuzz::take(rest));
    if (const auto picture = network::picture_in_answer(rest))
        fuzz::require(!picture->empty() && picture->size() < rest.size());
    const network::HttpAnswer answer{
        .status = 503,
        .headers = {{"X-Gaussians", gaussians}, {"Retry-After", after}},
        .body = std::string(rest)};
    const auto words = miner::refusal_words(answer);
    fuzz::require(words.starts_with("503") && words.size() < 1000);
    fuzz::require(config::printable(words, config::kWhole) == words);
    if (const auto told = miner::gaussians_told(answer))
        fuzz::require(*told >= 0 && *told <= miner::kLargestRemoteResult);
    const auto pause = miner::retry_after(answer).count();
    fuzz::require(pause >= 1 && pause <= 300);
    if (const auto splats = miner::remote_splats(answer.body)) {
        const auto count = splats->position.size();
        fuzz::require(count > 0 && count < answer.body.size());
        fuzz::require(splats->colour.size() == count && splats->scale.size() == count);
        fuzz::require(splats->rotation.size() == count && splats->opacity.size() == count);
    }
    return 0;
}
