#include "app/machine_name.h"

#include <unistd.h>

#include "base/text.h"

namespace vdc::app {

std::string machine_name() {
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) != 0) return "h1";
    std::string label;
    for (const char* c = name; *c != 0 && *c != '.'; ++c) {
        const char lower = *c >= 'A' && *c <= 'Z' ? static_cast<char>(*c - 'A' + 'a') : *c;
        const bool plain =
            (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || lower == '-';
        if (plain) label += lower;
    }
    return base::check_name("a host", label).ok() ? label : "h1";
}

}  // namespace vdc::app
