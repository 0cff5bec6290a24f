// Every command by its name, in the order of the help, with what the help says of it.
#pragma once

#include "miner/cli/command_line.hpp"

#include <array>

namespace miner {

struct Verb {
    Command command;
    const char* name;
    const char* doc;
    const char* example;
};

inline constexpr std::array<Verb, 21> kVerbs{{
    {Command::run, "run", "Mine: pull tasks, generate, submit (when no command is named)",
     "miner run --netuid 17 --wallet.name cold --wallet.hotkey hot"},
    {Command::serve, "serve", "Make splats for whoever posts a picture or a prompt to /generate",
     "miner serve --http.listen 127.0.0.1:10006"},
    {Command::rehearse, "rehearse", "Mine against local validators, then say go or no-go",
     "miner rehearse --tasks 12 --faults timeout,drop"},
    {Command::generate, "generate", "Turn a picture or a prompt into splats",
     "miner generate chair.png -o chair.spz -o chair.ply --seed 7"},
    {Command::batch, "batch", "Turn a folder or a list of pictures and prompts into splats",
     "miner batch pictures/ -o splats/ --seed 7 --previews"},
    {Command::check, "check", "Look for everything that would stop mining, before it does",
     "miner check --netuid 17 --wallet.name cold --wallet.hotkey hot"},
    {Command::stats, "stats", "Say how it went: success rate, scores, times",
     "miner stats --since 24h --by validator"},
    {Command::tune, "tune", "Propose settings from what became of the tasks; changes nothing",
     "miner tune --since 7d"},
    {Command::top, "top", "Watch it work: what it is doing, and how it goes; q ends it",
     "miner top"},
    {Command::wallet, "wallet", "Show the wallet's hotkeys: addresses and the state of the files",
     "miner wallet show --wallet.name cold"},
    {Command::convert, "convert", "From PLY, SPZ or GLB to another of them",
     "miner convert chair.ply chair.glb"},
    {Command::inspect, "inspect", "Say what is in a PLY or SPZ and what a validator makes of it",
     "miner inspect chair.spz"},
    {Command::render, "render", "Show a PLY or SPZ as a validator sees it",
     "miner render chair.spz -o chair.png --views 4"},
    {Command::score, "score", "Say what a validator's networks would make of a PLY or SPZ",
     "miner score chair.spz --prompt \"a red chair\" --score.model validator-scorer"},
    {Command::weights, "weights", "List, fetch or verify published checkpoints",
     "miner weights fetch trellis-image-large"},
    {Command::backup, "backup", "Copy the database into a file, while it mines",
     "miner backup /var/backups/miner-$(date +%F).db"},
    {Command::restore, "restore", "Put such a copy in the database's place",
     "miner restore /var/backups/miner-2026-11-27.db"},
    {Command::completion, "completion", "Print completions for a shell, or the manual page",
     "miner completion bash > /etc/bash_completion.d/miner"},
    {Command::bench, "bench", "Measure a published model here, without its weights",
     "miner bench --model trellis-image-large --random"},
    {Command::config, "config", "Show every setting, its value and where that comes from",
     "miner config --print"},
    {Command::version, "version", "Show the version, and what it is built of", "miner version"},
}};

}  // namespace miner
