#include "model/labels.h"

namespace vdc::model {

const std::string* label_of(const Host& host, const std::string& label) {
    const auto found = host.declared.labels.find(label);
    return found != host.declared.labels.end() ? &found->second : nullptr;
}

std::vector<const Host*> hosts_with(const Snapshot& snapshot, const std::string& label,
                                    const std::string& value) {
    std::vector<const Host*> hosts;
    for (const auto& [id, host] : snapshot.all<Host>())
        if (const std::string* said = label_of(*host, label); said != nullptr && *said == value)
            hosts.push_back(host.get());
    return hosts;
}

std::string failure_domain(const Host& host) {
    for (const char* label : {"rack", "power"})
        if (const std::string* value = label_of(host, label)) return label + ("/" + *value);
    return "";
}

}  // namespace vdc::model
