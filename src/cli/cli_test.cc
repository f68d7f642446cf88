#include "cli/cli.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>

#include "base/json.h"
#include "wire/http_server.h"

/// The commands against an API that answers as the test says.
namespace vdc::cli {

namespace {

class FakeApi final : public wire::Handler {
  public:
    /// "GET /v1/apps" -> status and body; what is not there is a 404.
    std::map<std::string, std::pair<int, std::string>> answers;
    std::vector<std::string> asked;  ///< with the body, if there was one

    void on_request(wire::Request request, wire::Responder responder) override {
        const std::string line = std::string(wire::word(request.method)) + " " + request.path;
        const std::scoped_lock lock(mutex_);
        asked.push_back(line + (request.body.empty() ? "" : " " + request.body));
        const auto at = answers.find(line);
        if (at != answers.end())
            return responder.send(
                wire::answer(at->second.first, "application/json", at->second.second));
        responder.send(wire::answer(404, "application/problem+json",
                                    R"({"code": "not_found", "detail": "there is no such thing",
                                        "hint": "look elsewhere"})"));
    }

  private:
    std::mutex mutex_;
};

class Commands : public ::testing::Test {
  protected:
    Commands() {
        folder_ =
            std::filesystem::temp_directory_path() / ("cli_test_" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
        socket_ = (folder_ / "api.sock").string();
        auto started = wire::HttpServer::start(api);
        EXPECT_TRUE(started.ok());
        server_ = std::move(*started);
        EXPECT_TRUE(server_->listen_unix(socket_).ok());
    }
    ~Commands() override {
        server_.reset();
        std::filesystem::remove_all(folder_);
    }

    /// Runs the words; keeps what was written.
    int run(std::vector<std::string> words) {
        words.insert(words.begin(), {"--socket", socket_});
        ::testing::internal::CaptureStdout();
        ::testing::internal::CaptureStderr();
        const int code = cli::run(words, LocalCommands{});
        out = ::testing::internal::GetCapturedStdout();
        err = ::testing::internal::GetCapturedStderr();
        return code;
    }

    std::string in_folder(const char* name) const { return (folder_ / name).string(); }

    FakeApi api;
    std::string out;
    std::string err;

  private:
    std::filesystem::path folder_;
    std::string socket_;
    std::unique_ptr<wire::HttpServer> server_;
};

const char* const two_apps = R"({"items": [
    {"name": "web", "status": {"word": "running"}, "declared": {"replicas": 2}},
    {"name": "shop", "status": {"word": "scaling"}, "declared": {"replicas": 3}}], "next": null})";

}  // namespace

TEST_F(Commands, ShowListsInTheFormAskedFor) {
    api.answers["GET /v1/apps"] = {200, two_apps};
    EXPECT_EQ(run({"app", "list", "-o", "value", "-c", "name,replicas"}), 0);
    EXPECT_EQ(out, "web 2\nshop 3\n");
    EXPECT_EQ(run({"-o", "csv", "app", "list", "-c", "name,status"}), 0);
    EXPECT_EQ(out, "name,status\nweb,running\nshop,scaling\n");
    EXPECT_EQ(run({"app", "list", "-o", "xml"}), 2);
}

TEST_F(Commands, SayWhatWentWrongByTheirExitCode) {
    EXPECT_EQ(run({"app", "show", "nobody"}), 3);
    EXPECT_EQ(err, "error: there is no such thing; look elsewhere\n");
    api.answers["GET /v1/apps/web"] = {409, R"({"code": "conflict", "detail": "not now"})"};
    EXPECT_EQ(run({"app", "show", "web"}), 1);
    EXPECT_EQ(err, "error: not now\n");
    api.answers["GET /v1/apps/web"] = {400, R"({"code": "invalid", "detail": "what?"})"};
    EXPECT_EQ(run({"app", "show", "web"}), 2);
    EXPECT_EQ(run({"ap", "list"}), 2);
    EXPECT_NE(err.find("did you mean 'app'?"), std::string::npos) << err;
    EXPECT_EQ(run({"app", "lst"}), 2);
    EXPECT_NE(err.find("did you mean 'list'?"), std::string::npos) << err;
}

TEST_F(Commands, SendFieldsWhereverTheOptionsStand) {
    api.answers["POST /v1/instances"] = {
        201, R"({"item": {"name": "web", "id": "1"}, "operation": null})"};
    const std::string body = R"({"image":"tiny","restart":"always","name":"web"})";
    EXPECT_EQ(run({"instance", "create", "web", "--image", "tiny", "--restart", "always"}), 0);
    EXPECT_EQ(api.asked.back(), "POST /v1/instances " + body);
    EXPECT_EQ(run({"-q", "--timeout", "5s", "instance", "create", "web", "--image", "tiny",
                   "--restart=always", "--async"}),
              0)
        << err;
    EXPECT_EQ(api.asked.back(), "POST /v1/instances " + body);
}

TEST_F(Commands, WaitForTheOperationAndTellItsEnd) {
    const char* written = R"({"item": {"name": "web", "id": "1"}, "operation": {"id": "7"}})";
    api.answers["POST /v1/instances/web/stop"] = {202, written};
    const auto phase = [](const char* word) {
        return std::string(R"({"observed": {"phase": ")") + word +
               R"(", "message": "it burnt"}, "declared": {"noun": "instance", "subject_name":
               "web"}, "status": {"sentence": "goes on"}})";
    };
    api.answers["GET /v1/operations/7"] = {200, phase("done")};
    EXPECT_EQ(run({"instance", "stop", "web"}), 0) << err;
    api.answers["GET /v1/operations/7"] = {200, phase("failed")};
    EXPECT_EQ(run({"instance", "stop", "web"}), 1);
    EXPECT_EQ(err, "error: instance web: it burnt; `vdc why web` tells more\n");
    api.answers["GET /v1/operations/7"] = {200, phase("running")};
    EXPECT_EQ(run({"instance", "stop", "web", "--timeout", "100ms"}), 4);
    EXPECT_NE(err.find("`vdc operation wait 7` waits for it"), std::string::npos) << err;
    EXPECT_EQ(run({"instance", "stop", "web", "--async"}), 0);
    EXPECT_EQ(out, "7\n");
}

TEST_F(Commands, MigrateWaitsAndTellsWhereItRuns) {
    const std::string target = "POST /v1/instances/web/migrate";
    api.answers[target] = {202, R"({"item": {"name": "web"}, "operation": {"id": "7"}})"};
    api.answers["GET /v1/operations/7"] = {200, R"({"observed": {"phase": "done"}})"};
    api.answers["GET /v1/instances/web"] = {200, R"({"name": "web", "view": {"host": "h2"}})"};
    EXPECT_EQ(run({"instance", "migrate", "web", "--to", "h2"}), 0) << err;
    EXPECT_EQ(api.asked.front(), target + R"( {"to":"h2"})");
    EXPECT_NE(err.find("instance web: runs on h2"), std::string::npos) << err;
    EXPECT_EQ(run({"instance", "migrate", "web", "--async"}), 0) << err;
    EXPECT_EQ(api.asked.back(), target + " {}");

    api.answers[target] = {200, R"({"name": "web", "from": "h1", "to": "h2", "takes": "9s",
        "pause": "200ms", "why": "it has the most room"})"};
    EXPECT_EQ(run({"instance", "migrate", "web", "--plan"}), 0) << err;
    EXPECT_EQ(api.asked.back(), target + R"( {"plan":true})");
    EXPECT_EQ(out,
              "web would move from h1 to h2: it has the most room\n"
              "in at most about 9s, at the end of which it stands still for about 200ms\n");
    api.answers[target] = {200, R"({"name": "web", "to": null, "why": "it does not run"})"};
    EXPECT_EQ(run({"instance", "migrate", "web", "--plan"}), 5) << err;
    EXPECT_EQ(out, "web cannot move: it does not run\n");
}

TEST_F(Commands, WhyNotSaysWhatWouldLetItIn) {
    const std::string file = in_folder("web.yaml");
    std::ofstream(file) << "kind: instance\nname: web\nflavor: large\n";
    api.answers["POST /v1/why-not"] = {200, R"({"fits": false, "sentence": "no host fits it",
        "instance": "web", "candidates": 3, "removed": [],
        "change": [{"document": 0, "field": "flavor", "from": "large", "to": "small"}]})"};
    EXPECT_EQ(run({"why-not", "-f", file}), 5) << err;
    EXPECT_EQ(out,
              "web: no host fits it\n"
              "it would fit with flavor of instance web: large -> small\n");
    api.answers["POST /v1/why-not"] = {200, R"({"fits": true, "change": [], "instance": null,
        "sentence": "everything finds room", "candidates": 3, "removed": []})"};
    EXPECT_EQ(run({"why-not", "-f", file}), 0) << err;
    EXPECT_EQ(out, "everything finds room\n");
}

TEST_F(Commands, ReadAllPagesOfAList) {
    api.answers["GET /v1/apps"] = {200, two_apps};
    EXPECT_EQ(run({"complete", "app"}), 0);
    EXPECT_EQ(out, "web\nshop\n");
    EXPECT_EQ(run({"complete", "nothing"}), 0);
    EXPECT_EQ(out, "");
}

TEST_F(Commands, CompletionKnowsNounsAndVerbs) {
    EXPECT_EQ(run({"completion", "bash"}), 0);
    EXPECT_NE(out.find("instance) words=\"list show create edit delete start"), std::string::npos)
        << out;
    EXPECT_EQ(out.find("complete\" "), std::string::npos) << "what is hidden stays hidden";
    EXPECT_EQ(run({"completion", "fish"}), 0);
    EXPECT_EQ(run({"completion", "tcsh"}), 2);
}

TEST_F(Commands, PrintTheTokenOfANewHostAlone) {
    api.answers["POST /v1/host-tokens"] = {
        201, R"({"token": "sesame.f00d", "expires": "2026-11-23T13:00:00.000000Z"})"};
    EXPECT_EQ(run({"host", "token", "--for", "10m"}), 0);
    EXPECT_EQ(out, "sesame.f00d\n");
    EXPECT_NE(err.find("2026-11-23T13:00:00"), std::string::npos) << err;
    EXPECT_EQ(api.asked.back(), R"(POST /v1/host-tokens {"for":"10m"})");
}

TEST_F(Commands, SendARequestOfYourOwn) {
    api.answers["GET /v1/apps"] = {200, two_apps};
    EXPECT_EQ(run({"api", "get", "/v1/apps"}), 0);
    EXPECT_EQ(out, std::string(two_apps) + "\n");
    EXPECT_EQ(run({"api", "GET", "/v1/nothing"}), 3);
    EXPECT_EQ(run({"api", "FETCH", "/v1/apps"}), 2);
}

TEST(LabCommands, SayWhatIsToBefallWhichHost) {
    LabWish asked;
    LocalCommands local;
    local.lab = [&](const LabWish& wish) -> base::Result<base::Json> {
        asked = wish;
        return base::Json::array({base::Json::object({{"host", "h1"}, {"state", "paused"}})});
    };
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(run({"lab", "cut", "h2", "--from", "--name", "blue"}, local), 0);
    const std::string out = ::testing::internal::GetCapturedStdout();
    EXPECT_EQ(asked.verb, LabWish::Verb::cut);
    EXPECT_EQ(asked.name + " " + asked.host, "blue h2");
    EXPECT_TRUE(asked.from && !asked.to);
    EXPECT_NE(out.find("paused"), std::string::npos) << out;

    ::testing::internal::CaptureStdout();
    EXPECT_EQ(run({"lab", "run", "h1", "--", "ls", "-l"}, local), 0);
    EXPECT_EQ(asked.words, (std::vector<std::string>{"ls", "-l"}));
    EXPECT_EQ(run({"-q", "lab", "up", "--hosts", "5"}, local), 0);
    ::testing::internal::GetCapturedStdout();
    EXPECT_EQ(asked.hosts, 5);
}

TEST(CommandsWithoutApi, SayHowToGetOne) {
    ::testing::internal::CaptureStderr();
    const int code = run({"--socket", "/nowhere/api.sock", "app", "list"}, LocalCommands{});
    const std::string err = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(code, 1) << err;
    EXPECT_NE(err.find("`vdc up` starts it"), std::string::npos) << err;
}

}  // namespace vdc::cli
