#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "wire/http.h"

namespace vdc::api::test {

/// Holds answers against the OpenAPI document that describes them. Knows those words of JSON
/// Schema (2020-12) that our document uses, and reports any other.
class SchemaCheck {
  public:
    explicit SchemaCheck(base::Json document) : document_(std::move(document)) {}

    /// What is wrong with an answer; empty is good.
    std::vector<std::string> answer(wire::Method method, const std::string& path,
                                    const wire::Response& response) const;

    std::vector<std::string> value(const base::Json& schema, const base::Json& value) const;

  private:
    const base::Json& resolved(const base::Json& schema) const;
    void check(const base::Json& schema, const base::Json& value, const std::string& path,
               std::vector<std::string>& wrong) const;
    bool fits(const base::Json& schema, const base::Json& value) const;
    void check_object(const base::Json& schema, const base::Json& value, const std::string& path,
                      std::vector<std::string>& wrong) const;

    base::Json document_;
};

}  // namespace vdc::api::test
