#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/route.h"

namespace vdc::api {

/// Finds the route of a request.
class Router {
  public:
    explicit Router(const Routes& routes);

    struct Found {
        const Route* route = nullptr;       ///< null: none
        std::vector<std::string> values;    ///< of the segments in braces
        std::vector<wire::Method> allowed;  ///< of the path, when the method has no route
    };
    /// HEAD finds the route of GET.
    Found find(wire::Method method, std::string_view path) const;

    /// "did you mean '/v1/instances'?" for a path that has no route; or "".
    std::string hint(std::string_view path) const;

  private:
    struct Row {
        std::vector<std::string> segments;
        const Route* route;
    };
    std::map<std::string, std::vector<Row>, std::less<>> rows_;  ///< by their second segment
};

}  // namespace vdc::api
