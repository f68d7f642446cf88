#include "api/uploads.h"

#include "api/api_test_util.h"
#include "runtime/files.h"

namespace vdc::api::test {

using base::Error;
using wire::Method;

static std::string image(Site& site, const char* name) {
    return body(site.post("/v1/images", R"({"name": ")" + std::string(name) + R"("})"))
        .at("item")
        .text_at("id");
}

static wire::Request upload(const std::string& name, std::string bytes) {
    return request(Method::put, "/v1/images/" + name + "/data", std::move(bytes),
                   {{"Content-Type", "application/octet-stream"}});
}

TEST(Upload, PutsTheBytesUnderTheImagesIdAndBeginsTheImport) {
    Site site;
    const std::string id = image(site, "new");
    const std::string bytes(300'000, 'i');
    const auto done = site.send(upload("new", bytes));
    EXPECT_EQ(done.status, 202);
    EXPECT_EQ(body(done).at("operation").at("declared").text_at("goal"), "ready");
    EXPECT_TRUE(body(done).at("item").at("declared").boolean_at("uploaded"));
    EXPECT_EQ(runtime::read_file(site.folder / "uploads/" + id).value(), bytes);
    const auto again = site.send(upload("new", "other bytes"));
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(runtime::list_dir(site.folder / "uploads").value(), std::vector<std::string>{id});
}

TEST(Upload, ThatIsTooLargeLeavesNothingBehind) {
    Site site;
    image(site, "new");
    EXPECT_EQ(site.send(upload("new", std::string((1 << 20) + 1, 'x'))).status, 413);
    EXPECT_TRUE(runtime::list_dir(site.folder / "uploads").value().empty());
    EXPECT_FALSE(site.named<model::Image>("new").declared.uploaded);
    EXPECT_EQ(site.send(upload("new", "small")).status, 202);
}

TEST(Upload, OfAnUnknownImageIsRefusedBeforeItsBytes) {
    Site site;
    EXPECT_EQ(site.send(upload("nothing", std::string(1 << 20, 'x'))).status, 404);
    EXPECT_EQ(site.send(request(Method::put, "/v1/images/tiny/data")).status, 400);
}

/// A disk with room for nothing.
class FullDisk final : public Uploads {
  public:
    class File final : public Upload {
      public:
        base::Status write(std::string_view) override {
            return Error{Error::Code::exhausted, "the disk that holds /x is full", "make room"};
        }
        base::Status finish() override { return {}; }
        void revoke() override {}
    };
    base::Result<std::unique_ptr<Upload>> begin(model::ImageId,
                                                std::optional<std::uint64_t>) override {
        return std::unique_ptr<Upload>(std::make_unique<File>());
    }
};

TEST(Upload, OntoAFullDiskIs507) {
    Site site;
    image(site, "new");
    FullDisk full;
    Api api({site.engine, site.loop, full, site.consoles, site.foresight}, {});
    const auto server = wire::HttpServer::start(api).value();
    ASSERT_TRUE(server->listen_unix(site.folder / "full.sock").ok());
    const auto client =
        wire::Client::connect(wire::parse_endpoint(site.folder / "full.sock").value()).value();
    const auto refused = client->request(upload("new", "bytes"));
    ASSERT_TRUE(refused.ok()) << base::text(refused.error());
    EXPECT_EQ(refused->status, 507);
    EXPECT_EQ(body(*refused).text_at("code"), "exhausted");
    EXPECT_FALSE(site.named<model::Image>("new").declared.uploaded);
    server->stop();
}

TEST(FileUploads, TakesOneUploadOfAnImageAtATime) {
    Folder folder;
    const auto uploads = FileUploads::open(folder / "uploads").value();
    const model::ImageId id{base::derive_uuid({1, 1}, "image", 1)};
    auto first = uploads->begin(id, {});
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(uploads->begin(id, {}).error().code, Error::Code::conflict);
    (*first).reset();
    EXPECT_TRUE(uploads->begin(id, {}).ok());
}

TEST(FileUploads, ThatBreakOffLeaveNothingBehind) {
    Folder folder;
    const auto uploads = FileUploads::open(folder / "uploads").value();
    const model::ImageId id{base::derive_uuid({1, 1}, "image", 1)};
    {
        auto broken = uploads->begin(id, {});
        EXPECT_TRUE((*broken)->write("half").ok());
    }
    EXPECT_TRUE(runtime::list_dir(folder / "uploads").value().empty());
    ASSERT_TRUE(runtime::write_file_atomic(folder / "uploads/x.part", "of a dead daemon").ok());
    ASSERT_TRUE(FileUploads::open(folder / "uploads").ok());
    EXPECT_TRUE(runtime::list_dir(folder / "uploads").value().empty());
}

TEST(FileUploads, RefuseAtOnceWhatCannotFit) {
    Folder folder;
    const auto uploads = FileUploads::open(folder / "uploads", std::uint64_t{1} << 62).value();
    const model::ImageId id{base::derive_uuid({1, 1}, "image", 1)};
    EXPECT_EQ(uploads->begin(id, std::uint64_t{1} << 60).error().code, Error::Code::exhausted);
    EXPECT_EQ(uploads->begin(id, std::uint64_t{1} << 63).error().code, Error::Code::too_large);
}

}  // namespace vdc::api::test
