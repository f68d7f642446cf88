#include "store/etcd/controllers.h"

#include "base/json.h"
#include "base/text.h"
#include "store/etcd/layout.h"

namespace vdc::store {

using base::Error;
using base::Json;
using base::Result;
using base::Status;

std::string text(const Controller& controller) {
    return dump(Json::object({{"name", controller.name},
                              {"address", controller.address},
                              {"revision", static_cast<std::int64_t>(controller.revision)},
                              {"at", base::text(controller.at)}}));
}

Result<Controller> parse_controller(std::string_view text) {
    const auto json = base::parse_json(text);
    const auto at = base::parse_instant(json.ok() ? json->text_at("at") : "");
    if (!at.ok() || !json->at("revision").is(Json::Kind::integer))
        return Error{Error::Code::corrupt, "etcd tells of a controller that is none: " +
                                               base::quoted(std::string(text), 120)};
    return Controller{json->text_at("name"), json->text_at("address"),
                      static_cast<model::Revision>(json->at("revision").integer()), *at};
}

Status tell_of_controller(EtcdClient& client, const Controller& controller) {
    const EtcdWrite write{etcd_controller_keys + controller.name, text(controller)};
    TRY(client.write({}, {&write, 1}));
    return {};
}

Result<std::vector<Controller>> controllers_of(EtcdClient& client) {
    constexpr std::int64_t most = 100;
    const auto page = TRY(client.range(etcd_controller_keys, end_of(etcd_controller_keys), most));
    std::vector<Controller> all;
    for (const EtcdPair& pair : page.pairs) all.push_back(TRY(parse_controller(pair.value)));
    return all;
}

Status forget_controller(EtcdClient& client, const std::string& name) {
    const EtcdWrite remove{etcd_controller_keys + name, {}, etcd_controller_keys + name + '\0'};
    TRY(client.write({}, {&remove, 1}));
    return {};
}

Result<Standing> standing_of(EtcdClient& client) {
    Standing standing;
    if (const auto leader = TRY(client.get(etcd_leader_key))) {
        standing.leader = leader->value;
        standing.term = static_cast<std::uint64_t>(leader->modified);
    }
    if (const auto head = TRY(client.get(etcd_head_key)))
        standing.revision = TRY(parse_head(head->value)).latest.revision;
    return standing;
}

}  // namespace vdc::store
