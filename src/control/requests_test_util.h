#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "control/requests.h"
#include "model/apply.h"

/// A small datacenter to ask things of, and a person who asks.
namespace vdc::control::testing {

using base::Json;

class Datacenter {
  public:
    /// The projects default and other, the flavors small and large, the image tiny (ready), the
    /// network default.
    Datacenter();

    model::Snapshot snapshot;

    /// A fresh ask of "admin".
    Ask ask(std::string key = {});

    /// Applies what was decided, which must fit.
    Decision must(const base::Result<Decision>& decision);
    Applied must(const base::Result<Applied>& applied);
    void apply(const std::vector<model::Step>& steps);

    Decision create(model::Noun noun, const char* json);

    template <class R>
    const R& named(const std::string& name) const {
        const auto project = snapshot.named<model::Project>(model::ProjectId{}, "default")->id;
        const R* found = snapshot.named<R>(project, name);
        if (found == nullptr) found = snapshot.named<R>(model::ProjectId{}, name);
        base::check(found != nullptr, "the test's record is there: " + name);
        return *found;
    }

    const model::Operation& operation(const Decision& decision) const {
        return snapshot.get<model::Operation>(decision.operation);
    }

  private:
    std::uint64_t asked_ = 0;
};

Json json(std::string_view text);

}  // namespace vdc::control::testing
