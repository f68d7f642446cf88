#include "cli/manifest.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <iostream>
#include <iterator>
#include <sstream>

#include "runtime/files.h"

namespace vdc::cli {

using base::Error;
using base::Json;
using base::Result;

namespace {

/// Leaves the parser from inside an event; caught in parse_manifest.
struct Refused {
    Error error;
};

/// Builds JSON from the events of yaml-cpp's parser, so that nothing is ever unfolded.
class Builder final : public YAML::EventHandler {
  public:
    std::vector<Json> documents;

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (documents.size() == 1000) refuse(mark, "there are more than 1,000 documents");
        open_.clear();
        names_.clear();
    }
    void OnDocumentEnd() override {
        if (!done_.is_null()) documents.push_back(std::move(done_));
        done_ = Json{};
    }
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        plain_only(mark, "", anchor);
        place(mark, Json{});
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        refuse(mark, "aliases (*name) are not taken here; write the value out");
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        plain_only(mark, tag == "!" ? "" : tag, anchor);
        place(mark, tag == "!" ? Json(value) : scalar(value));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        begin(mark, tag, anchor, Json::array());
    }
    void OnSequenceEnd() override { end(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        begin(mark, tag, anchor, Json::object());
    }
    void OnMapEnd() override { end(); }

  private:
    [[noreturn]] static void refuse(const YAML::Mark& mark, const std::string& why) {
        throw Refused{{Error::Code::invalid, "line " + std::to_string(mark.line + 1) + ", column " +
                                                 std::to_string(mark.column + 1) + ": " + why}};
    }
    static void plain_only(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        if (anchor != 0) refuse(mark, "anchors (&name) are not taken here; write the value out");
        if (!tag.empty() && tag != "?" && tag != "!")
            refuse(mark, "tags (!name) are not taken here");
    }
    static Json scalar(const std::string& value) {
        if (value == "true" || value == "false") return value == "true";
        const auto number = value.size() < 32 ? base::parse_json(value) : Result<Json>(Error{});
        if (number.ok() && (number->is(Json::Kind::integer) || number->is(Json::Kind::real)))
            return *number;
        return value;
    }
    void begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
               Json container) {
        plain_only(mark, tag, anchor);
        if (open_.size() == 32) refuse(mark, "the value is nested more than 32 deep");
        if (!open_.empty() && open_.back().is(Json::Kind::object) && !named_.back())
            refuse(mark, "a name must be plain text");
        open_.push_back(std::move(container));
        named_.push_back(false);
    }
    void end() {
        Json value = std::move(open_.back());
        open_.pop_back();
        named_.pop_back();
        place({}, std::move(value));
    }
    void place(const YAML::Mark& mark, Json value) {
        if (open_.empty()) {
            done_ = std::move(value);
            return;
        }
        Json& parent = open_.back();
        if (parent.is(Json::Kind::array)) return parent.push(std::move(value));
        if (!named_.back()) {
            names_.push_back(value.is(Json::Kind::text) ? value.text() : dump(value));
            if (parent.has(names_.back())) refuse(mark, "'" + names_.back() + "' stands twice");
            named_.back() = true;
            return;
        }
        parent.set(names_.back(), std::move(value));
        names_.pop_back();
        named_.back() = false;
    }

    std::vector<Json> open_;
    std::vector<bool> named_;  ///< of each open one: an object's member waits for its value
    std::vector<std::string> names_;
    Json done_;
};

}  // namespace

Result<std::vector<Json>> parse_manifest(const std::string& yaml) {
    constexpr std::size_t size_max = 1 << 20;
    if (yaml.size() > size_max)
        return Error{Error::Code::too_large, "the manifest has " + std::to_string(yaml.size()) +
                                                 " bytes, the most is 1 MiB"};
    Builder builder;
    try {
        std::istringstream in(yaml);
        YAML::Parser parser(in);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const Refused& refused) {
        return refused.error;
    } catch (const YAML::Exception& failure) {
        return Error{Error::Code::invalid,
                     "line " + std::to_string(failure.mark.line + 1) + ", column " +
                         std::to_string(failure.mark.column + 1) + ": " + failure.msg};
    }
    for (const Json& document : builder.documents)
        if (!document.is(Json::Kind::object))
            return Error{Error::Code::invalid,
                         "a document of a manifest must be a mapping with kind and name"};
    return std::move(builder.documents);
}

base::Result<std::vector<Json>> read_manifest(const std::string& file) {
    const std::string yaml = file != "-"
                                 ? TRY(runtime::read_file(file, 2 << 20))
                                 : std::string(std::istreambuf_iterator<char>(std::cin), {});
    auto documents = parse_manifest(yaml);
    if (!documents.ok())
        return Error{documents.error().code, file + ": " + documents.error().message,
                     documents.error().hint};
    if (documents->empty()) return Error{Error::Code::invalid, file + " holds no document"};
    return documents;
}

base::Result<Json> read_only_document(const std::string& file, const std::string& example) {
    const auto documents = TRY(read_manifest(file));
    if (documents.size() == 1) return documents.front();
    return Error{Error::Code::invalid, file + " must hold one document", "for example: " + example};
}

}  // namespace vdc::cli
