#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "api/api.h"
#include "api/schema_check_test_util.h"
#include "engine/engine.h"
#include "runtime/loop.h"
#include "store/store.h"
#include "wire/http_client.h"
#include "wire/http_server.h"

namespace vdc::api::test {

using base::Json;
using model::Noun;

/// A folder that goes away with everything in it.
class Folder {
  public:
    Folder();
    Folder(const Folder&) = delete;
    ~Folder();
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

/// Consoles that echo what is typed, through a socket pair each.
class EchoConsoles final : public Consoles {
  public:
    base::Result<runtime::Fd> open(const control::ConsoleWish& wish) override;

    std::mutex mutex;
    std::map<model::InstanceId, runtime::Fd> ends;  ///< the consoles' own ends
    std::map<model::InstanceId, std::string> logs;
};

/// Foresees nothing, when it is let go.
class BlindForesight final : public Foresight {
  public:
    base::Result<Forecast> foresee(const engine::SnapshotPtr& datacenter, base::Instant now,
                                   const WhatIf& what_if) override;

    std::mutex gate;                    ///< who holds it keeps answers back
    std::atomic<bool> waiting = false;  ///< somebody asked
    WhatIf asked;                       ///< the last one
};

/// A datacenter without hosts behind a real server at a unix socket: memory store, real engine.
/// Holds the projects default and other, the flavor small, the image tiny (ready), the network
/// default.
class Site {
  public:
    explicit Site(Options options = {}, wire::HttpLimits limits = {});
    ~Site();

    std::unique_ptr<wire::Client> client() const;

    /// One request over a connection that is kept; the answer is held against the description.
    wire::Response send(wire::Request request);
    wire::Response get(const std::string& target, wire::Headers headers = {});
    wire::Response post(const std::string& target, const std::string& body,
                        wire::Headers headers = {});
    wire::Response patch(const std::string& target, const std::string& body,
                         wire::Headers headers = {});
    wire::Response remove(const std::string& target, wire::Headers headers = {});

    /// Commits steps as control or an agent would, and waits for it.
    void commit(std::vector<model::Step> steps);

    template <class R>
    const R& named(const std::string& name) {
        held_ = engine.snapshot();
        const auto* project = held_->named<model::Project>(model::ProjectId{}, "default");
        const R* found = held_->named<R>(project->id, name);
        if (found == nullptr) found = held_->named<R>(model::ProjectId{}, name);
        base::check(found != nullptr, "the test's record is there: " + name);
        return *found;
    }

    Folder folder;
    std::unique_ptr<store::Store> store = store::make_memory_store();
    runtime::Loop loop{"engine"};
    engine::Engine engine{loop, loop, *store, {}};
    std::unique_ptr<FileUploads> uploads;
    EchoConsoles consoles;
    BlindForesight foresight;
    const wire::Identity authority = wire::make_authority("test", loop.now()).value();
    Joining joining{*store, authority, "the-datacenter"};
    std::unique_ptr<Api> api;
    std::unique_ptr<wire::HttpServer> server;
    const SchemaCheck schemas;

  private:
    std::unique_ptr<wire::Client> client_;
    engine::SnapshotPtr held_;
};

Json json(std::string_view text);
/// The body of an answer as JSON.
Json body(const wire::Response& response);
wire::Request request(wire::Method method, const std::string& target, std::string body = {},
                      wire::Headers headers = {});

}  // namespace vdc::api::test
