#include "sim/generate_author.h"

/// What people want in a life, of everything that can be asked for.
namespace vdc::sim {

using namespace base;

// ---- instances ---------------------------------------------------------------------------------

Json Author::instance_body() {
    Json body = Json::object({{"image", some("image", 2)},
                              {"flavor", chance_.once_in(3, 4) ? "tiny" : "small"},
                              {"restart", one_of({"always", "on_failure", "never"})}});
    if (leased_ && (moves_ ? seldom() : often())) body.set("pool", "nas");
    if (seldom()) body.set("priority", chance_.between(0, 100));
    if (two_networks_ && seldom()) {
        Json networks = Json::array({Json("back")});
        if (evenly()) networks = Json::array({Json("default"), Json("back")});
        body.set("networks", std::move(networks));
    }
    return body;
}

void Author::change_instance(const std::string& instance) {
    Json body = Json::object({});
    switch (chance_.below(3)) {
        case 0: body.set("survives", one_of({"nothing", "host", ""})); break;
        case 1: body.set("priority", chance_.between(0, 100)); break;
        default: body.set("restart", one_of({"always", "on_failure", "never"})); break;
    }
    ask("update", "instance", instance, dump(body));
}

/// To the best host, or to one by name, which may be its own.
void Author::want_of_move(const std::string& instance) {
    Json body = Json::object({});
    if (evenly()) body.set("host", some_host());
    ask("migrate", "instance", instance, dump(body));
}

void Author::want_of_instance(const std::string& instance) {
    if (moves_ && chance_.once_in(1, 4)) return want_of_move(instance);
    switch (chance_.below(9)) {
        case 0:
        case 1:
        case 2: return ask("create", "instance", instance, dump(instance_body()));
        case 3: return ask("delete", "instance", instance);
        case 4: return change_instance(instance);
        default:
            return ask(one_of({"start", "stop", "reboot", "reset", "pause", "resume"}), "instance",
                       instance);
    }
}

/// Several people want things of one instance, or of one volume, at almost the same time.
void Author::want_in_a_row() {
    const std::string instance = some_instance();
    const std::string volume = evenly() ? some("v", volumes) : "";
    for (std::int64_t wishes = chance_.between(2, 5); wishes > 0; --wishes) {
        if (volume.empty())
            want_of_instance(instance);
        else
            want_of_volume(volume, instance_for(volume));
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
    const std::string volume = some("v", volumes);
    want_of_volume(volume, instance_for(volume));
}

void Author::want_of_volume(const std::string& volume, const std::string& instance) {
    const std::string snapshot = "s" + number(0, 1) + volume;
    const auto about = [](const char* name, const std::string& value) {
        return dump(Json::object({{name, value}}));
    };
    switch (chance_.below(10)) {
        case 0: return ask("create", "volume", volume, volume_body(""));
        case 1:
        case 2: return ask("create", "volume", volume, volume_body(instance));
        case 3: return ask("delete", "volume", volume);
        case 4: return ask("attach", "volume", volume, about("instance", instance));
        case 5: return ask("detach", "volume", volume);
        case 6: return ask("grow", "volume", volume, about("size", number(1, 4) + "GiB"));
        case 7: return ask("create", "snapshot", snapshot, about("volume", volume));
        case 8: return ask("delete", "snapshot", snapshot);
        default: return go_back(volume, snapshot);
    }
}

/// Mostly to a snapshot that was taken a moment ago; it may be one too many as soon as it served.
void Author::go_back(const std::string& volume, const std::string& snapshot) {
    if (often()) {
        ask("create", "snapshot", snapshot, dump(Json::object({{"volume", volume}})));
        run(3000);
    }
    ask("revert", "volume", volume, dump(Json::object({{"snapshot", snapshot}})));
    if (seldom()) ask("delete", "snapshot", snapshot);
}

// ---- applications ------------------------------------------------------------------------------

Json Author::application_body() {
    const std::string network = two_networks_ && seldom() ? "back" : "default";
    Json made_of =
        Json::object({{"image", some("image", 2)}, {"flavor", "tiny"}, {"network", network}});
    Json body =
        Json::object({{"replicas", chance_.between(0, 6)}, {"template", std::move(made_of)}});
    if (often())
        body.set("front", Json::object({{"port", 80}, {"target_port", 80}, {"protocol", "http"}}));
    return body;
}

/// As many replicas, or others: made of another image.
void Author::change_application(const std::string& application) {
    if (chance_.once_in(4, 5))
        return ask("update", "app", application, R"({"replicas": )" + number(0, 8) + "}");
    ask("update", "app", application, R"({"template": {"image": ")" + some("image", 2) + "\"}}");
}

void Author::want_of_application() {
    const std::string application = some_application();
    switch (chance_.below(8)) {
        case 0:
        case 1:
        case 2:
        case 3: return ask("create", "app", application, dump(application_body()));
        case 4:
        case 5:
        case 6: return change_application(application);
        default: return ask("delete", "app", application);
    }
}

// ---- the datacenter ----------------------------------------------------------------------------

void Author::want_of_quota() {
    say(R"(update project default {"instances_max": )" + number(1, 60) + "}");
}

void Author::want_of_host() {
    if ((leased_ || moves_) && evenly())
        return say((evenly() ? "drain host " : "undrain host ") + some_host());
    say("update host " + some_host() + R"( {"schedulable": )" + (evenly() ? "true}" : "false}"));
}

void Author::want_of_network() {
    if (!two_networks_) return;
    say(evenly() ? R"(create network back {"range": "10.88.0.0/24"})" : "delete network back");
}

void Author::want_of_datacenter() {
    switch (chance_.below(12)) {
        case 0: return evenly() ? want_of_quota() : want_of_network();
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
