#include "sim/generate_author.h"

/// What people want in a life, of everything that can be asked for.
namespace vdc::sim {

using namespace base;

// ---- instances ---------------------------------------------------------------------------------

Json Author::instance_body() {
    Json body = Json::object({{"image", some("image", 2)},
                              {"flavor", chance_.once_in(3, 4) ? "tiny" : "small"},
                              {"restart", one_of({"always", "on_failure", "never"})}});
    if (leased_ && often()) body.set("pool", "nas");
    if (seldom()) body.set("priority", chance_.between(0, 100));
    return body;
}

void Author::want_of_instance(const std::string& instance) {
    switch (chance_.below(8)) {
        case 0:
        case 1:
        case 2: return say("create instance " + instance + " " + dump(instance_body()));
        case 3: return say("delete instance " + instance);
        default:
            return say(one_of({"start", "stop", "reboot", "reset", "pause", "resume"}) +
                       " instance " + instance);
    }
}

/// Several people want things of one instance at almost the same time.
void Author::want_in_a_row() {
    const std::string instance = some_instance();
    for (std::int64_t wishes = chance_.between(2, 5); wishes > 0; --wishes) {
        want_of_instance(instance);
        run(evenly() ? 50 : 800);
    }
}

// ---- volumes -----------------------------------------------------------------------------------

/// Of a volume that is attached from its beginning, or of none.
std::string Author::volume_body(const std::string& instance) {
    Json body = Json::object({{"size", "1GiB"}});
    if (!instance.empty()) body.set("instance", instance);
    if (leased_ && evenly()) body.set("pool", "nas");
    return dump(body);
}

void Author::want_of_volume() {
    const std::string volume = some("v", 5);
    const std::string snapshot = some("s", 4);
    const std::string instance = some_instance();
    switch (chance_.below(10)) {
        case 0: return say("create volume " + volume + " " + volume_body(""));
        case 1:
        case 2: return say("create volume " + volume + " " + volume_body(instance));
        case 3: return say("delete volume " + volume);
        case 4: return say("attach volume " + volume + R"( {"instance": ")" + instance + "\"}");
        case 5: return say("detach volume " + volume);
        case 6: return say("grow volume " + volume + R"( {"size": ")" + number(1, 4) + "GiB\"}");
        case 7: return say("create snapshot " + snapshot + R"( {"volume": ")" + volume + "\"}");
        case 8: return say("delete snapshot " + snapshot);
        default: return say("revert volume " + volume + R"( {"snapshot": ")" + snapshot + "\"}");
    }
}

// ---- applications ------------------------------------------------------------------------------

Json Author::application_body() {
    Json made_of =
        Json::object({{"image", some("image", 2)}, {"flavor", "tiny"}, {"network", "default"}});
    Json body =
        Json::object({{"replicas", chance_.between(0, 6)}, {"template", std::move(made_of)}});
    if (often())
        body.set("front", Json::object({{"port", 80}, {"target_port", 80}, {"protocol", "http"}}));
    return body;
}

void Author::want_of_application() {
    const std::string application = some_application();
    switch (chance_.below(8)) {
        case 0:
        case 1:
        case 2:
        case 3: return say("create app " + application + " " + dump(application_body()));
        case 4:
        case 5:
        case 6: return say("update app " + application + R"( {"replicas": )" + number(0, 8) + "}");
        default: return say("delete app " + application);
    }
}

// ---- the datacenter ----------------------------------------------------------------------------

void Author::want_of_quota() {
    say(R"(update project default {"instances_max": )" + number(1, 60) + "}");
}

void Author::want_of_host() {
    if (leased_ && evenly()) return say((evenly() ? "drain host " : "undrain host ") + some_host());
    say("update host " + some_host() + R"( {"schedulable": )" + (evenly() ? "true}" : "false}"));
}

void Author::want_of_datacenter() {
    switch (chance_.below(12)) {
        case 0: return want_of_quota();
        case 1: return say("create image image2");
        case 2: return say(evenly() ? "upload image image2" : "delete image image2");
        case 3: return want_of_host();
        default: return want_of_application();
    }
}

void Author::want_something() {
    if (chance_.once_in(1, 8)) return want_in_a_row();
    switch (chance_.below(4)) {
        case 0:
        case 1: return want_of_instance(some_instance());
        case 2: return want_of_volume();
        default: return want_of_datacenter();
    }
}

}  // namespace vdc::sim
