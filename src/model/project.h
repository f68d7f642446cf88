#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "model/parts.h"

/// Who owns and pays.
namespace vdc::model {

struct ProjectDeclared {
    std::string description;
    std::int64_t instances_max = 100'000;
    std::int64_t volumes_max = 200'000;
    std::int64_t priority_max = priority_usual;
    Resources resources_max{{1'000'000}, {std::int64_t{1} << 30}, {std::int64_t{1} << 30}};
    std::string survives{};

    friend bool operator==(const ProjectDeclared&, const ProjectDeclared&) = default;
    template <class D = ProjectDeclared>
    static constexpr auto fields() {
        return std::tuple{
            field("description", &D::description, "what it is for", {0, 1000}),
            field("instances_max", &D::instances_max, "quota of instances", {0, 1'000'000'000}),
            field("volumes_max", &D::volumes_max, "quota of volumes", {0, 1'000'000'000}),
            field("priority_max", &D::priority_max, "how important its instances may be",
                  {0, priority_most}),
            field("resources_max", &D::resources_max,
                  "quota of processors and memory of instances, and of disk"),
            field(
                "survives", &D::survives,
                "the loss after which its instances are sure to start elsewhere: host, a label of "
                "hosts such as rack, or nothing; empty: host, where there are two",
                {0, 63})};
    }
};

struct ProjectKind {
    using Id = ProjectId;
    using Declared = ProjectDeclared;
    using Claimed = Nothing;
    using Observed = Nothing;
    static constexpr Noun noun = Noun::project;
};
using Project = Record<ProjectKind>;

}  // namespace vdc::model
