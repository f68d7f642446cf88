#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "app/commands.h"

using vdc::app::Settings;

int main(int argc, char** argv) {
    std::vector<std::string> w(argv + 1, argv + argc);
    Settings s;
    if (const char* d = std::getenv("VDC_DATA")) s.data = d;
    if (const char* d = std::getenv("VDC_RUN")) s.run = d;
    if (w.empty()) return 2;
    if (w[0] == "up") {
        if (w.size() > 1) s.foreground = true;
        return vdc::app::up(s);
    }
    if (w[0] == "down") return vdc::app::down(s, w.size() > 1);
    if (w[0] == "doctor") return vdc::app::doctor(s);
    if (w[0] == "sim" && w.size() == 2) return vdc::app::play_file(w[1]);
    if (w[0] == "sim") return vdc::app::live_seeds(std::stoull(w[1]), std::stoull(w[2]));
    return 2;
}
