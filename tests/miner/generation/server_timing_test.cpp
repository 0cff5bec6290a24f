#include "miner/generation/server_timing.hpp"

#include "tests/support/catch.hpp"

TEST_CASE("stage times go through the header and come back") {
    config::StageTimes times;
    times.prepare = 1.5;
    times.structure = 1234.25;
    times.gaussians = 0;
    const auto header = miner::write_server_timing(times);
    CHECK(header == "prepare;dur=1.500, structure;dur=1234.250, gaussians;dur=0.000");
    const auto read = miner::read_server_timing(header);
    CHECK(read.prepare == 1.5);
    CHECK(read.structure == 1234.25);
    CHECK(read.gaussians == 0);
    CHECK(read.latent < 0);
    CHECK(miner::write_server_timing({}).empty());
}

TEST_CASE("what is no stage's time is passed over") {
    for (const auto* header : {"", "latent", "latent;dur=", "latent;dur=x", "latent;dur=-1",
                               "blatent;dur=3", "latent;dur=nan", "latent;dur=1e99", ",,;;=="})
        CHECK(miner::read_server_timing(header).latent < 0);
    CHECK(miner::read_server_timing("blatent;dur=3, latent;dur=4").latent == 4);
}
