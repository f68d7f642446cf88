#include "cli/whatif.h"

#include <cstdio>

#include "cli/forecast.h"
#include "cli/manifest.h"
#include "cli/output.h"
#include "cli/replay.h"
#include "runtime/files.h"

namespace vdc::cli {

using base::Error;
using base::Json;
using base::Result;
using base::Status;

static Json words_of(const std::vector<std::string>& words) {
    Json list = Json::array();
    for (const std::string& word : words) list.push(word);
    return list;
}

static Result<Json> documents_of(const std::vector<std::string>& files) {
    Json documents = Json::array();
    for (const std::string& file : files)
        for (Json& document : TRY(read_manifest(file))) documents.push(std::move(document));
    return documents;
}

static Result<Json> flavors_of(const std::vector<std::string>& changes) {
    Json list = Json::array();
    for (const std::string& change : changes) {
        const std::size_t equals = change.find('=');
        if (equals == std::string::npos || equals == 0 || equals + 1 == change.size())
            return Error{Error::Code::invalid,
                         "--flavor-change '" + change + "' does not say what gets which flavor",
                         "write NAME=FLAVOR, for example web=large"};
        list.push(Json::object(
            {{"of", change.substr(0, equals)}, {"flavor", change.substr(equals + 1)}}));
    }
    return list;
}

static Result<Json> question_of(const WhatIfWish& wish) {
    Json question = Json::object({{"seed", wish.seed}});
    if (!wish.fail.empty()) question.set("fail", words_of(wish.fail));
    if (!wish.drain.empty()) question.set("drain", words_of(wish.drain));
    if ((wish.add_hosts != 0) != !wish.like.empty())
        return Error{Error::Code::invalid, "--add-hosts and --like go together",
                     "for example --add-hosts 4 --like h1"};
    if (wish.add_hosts != 0)
        question.set("add_hosts", Json::object({{"count", wish.add_hosts}, {"like", wish.like}}));
    if (!wish.run.empty()) question.set("run", TRY(documents_of(wish.run)));
    if (!wish.flavors.empty()) question.set("flavor_changes", TRY(flavors_of(wish.flavors)));
    if (!wish.policy.empty())
        question.set("policy", TRY(read_only_document(wish.policy, policy_example)));
    if (!wish.within.empty()) question.set("within", wish.within);
    return question;
}

int what_if(Session& session, const WhatIfWish& wish) {
    const Status done = [&]() -> Status {
        const Format format = TRY(parse_format(session.common().format));
        if (format == Format::csv || format == Format::value)
            return Error{Error::Code::invalid, "a forecast is shown as table, json or yaml"};
        const Json question = TRY(question_of(wish));
        const Json forecast = TRY(session.send(wire::Method::post, "/v1/whatif", question));
        if (!wish.plot.empty()) TRY(runtime::write_file_atomic(wish.plot, forecast_svg(forecast)));
        const std::string text = format == Format::json   ? dump_pretty(forecast) + "\n"
                                 : format == Format::yaml ? to_yaml(forecast)
                                                          : forecast_text(forecast);
        std::fwrite(text.data(), 1, text.size(), stdout);
        return {};
    }();
    return done.ok() ? 0 : say(done.error());
}

}  // namespace vdc::cli
