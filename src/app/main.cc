#include <string>
#include <vector>

#include "app/commands.h"
#include "cli/cli.h"

using vdc::app::Settings;

static Settings settings_of(const vdc::cli::Place& place) {
    Settings settings;
    settings.data = place.data;
    settings.run = place.run;
    settings.host_name = place.name;
    settings.listen = place.listen;
    settings.underlay = place.underlay;
    settings.token_file = place.token_file;
    settings.accelerator = place.accelerator;
    settings.trial_kernel = place.trial_kernel;
    settings.trial_initramfs = place.trial_initramfs;
    settings.trial_seconds = place.trial_seconds;
    settings.keep_log = place.keep_log;
    settings.keep_log_size = place.keep_log_size;
    settings.foreground = place.foreground;
    return settings;
}

int main(int argc, char** argv) {
    vdc::cli::LocalCommands local;
    local.up = [](const vdc::cli::Place& place) { return vdc::app::up(settings_of(place)); };
    local.down = [](const vdc::cli::Place& place) {
        return vdc::app::down(settings_of(place), place.purge);
    };
    local.doctor = [](const vdc::cli::Place& place) {
        return vdc::app::doctor(settings_of(place));
    };
    local.join = [](const vdc::cli::Place& place, const vdc::cli::JoinWish& wish) {
        return vdc::app::join(settings_of(place), wish.address, wish.token, wish.controller);
    };
    local.inspect_backup = vdc::app::inspect_backup;
    local.restore = [](const vdc::cli::Place& place, const vdc::cli::RestoreWish& wish) {
        return vdc::app::restore(settings_of(place), wish);
    };
    local.lab = vdc::app::lab;
    local.sim_file = vdc::app::play_file;
    local.sim_seeds = vdc::app::live_seeds;
    local.rerun = vdc::app::rerun;
    local.version = VDC_VERSION;
    return vdc::cli::run(std::vector<std::string>(argv + 1, argv + argc), local);
}
