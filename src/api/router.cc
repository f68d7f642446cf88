#include "api/router.h"

#include <algorithm>

#include "base/text.h"

namespace vdc::api {

using wire::Method;

/// Without the empty one before the first '/'.
static std::vector<std::string> segments_of(std::string_view path) {
    if (path.starts_with('/')) path.remove_prefix(1);
    return base::split(path, '/');
}

static std::string group_of(const std::vector<std::string>& segments) {
    return segments.size() > 1 ? segments[1] : "";
}

Router::Router(const Routes& routes) {
    for (const Route& route : routes) {
        std::vector<std::string> segments = segments_of(route.path);
        const std::string group = group_of(segments);
        rows_[group].push_back({std::move(segments), &route});
    }
}

static bool matches(const std::vector<std::string>& row, const std::vector<std::string>& given) {
    if (row.size() != given.size()) return false;
    for (std::size_t at = 0; at < row.size(); ++at) {
        const bool any = row[at].starts_with('{') && !given[at].empty();
        if (!any && row[at] != given[at]) return false;
    }
    return true;
}

Router::Found Router::find(Method method, std::string_view path) const {
    Found found;
    const std::vector<std::string> given = segments_of(path);
    const auto group = rows_.find(group_of(given));
    if (group == rows_.end()) return found;
    const Method wanted = method == Method::head ? Method::get : method;
    for (const Row& row : group->second) {
        if (!matches(row.segments, given)) continue;
        found.allowed.push_back(row.route->method);
        if (row.route->method != wanted) continue;
        found.route = row.route;
        for (std::size_t at = 0; at < given.size(); ++at)
            if (row.segments[at].starts_with('{')) found.values.push_back(given[at]);
        return found;
    }
    return found;
}

std::string Router::hint(std::string_view path) const {
    const std::vector<std::string> given = segments_of(path);
    if (given[0] != "v1") return "paths begin with /v1/, see /v1/openapi.json";
    std::vector<std::string> groups;
    for (const auto& [group, rows] : rows_) groups.push_back(group);
    const std::string near = base::nearest(group_of(given), groups);
    if (!near.empty() && near != group_of(given)) return "did you mean /v1/" + near + "?";
    return "see /v1/openapi.json for what there is";
}

}  // namespace vdc::api
