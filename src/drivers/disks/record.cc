#include "drivers/disks/record.h"

#include <algorithm>
#include <set>

#include "runtime/files.h"

namespace vdc::drivers::disks {

using base::Error;
using base::Json;
using base::Result;
using base::Status;

static constexpr std::size_t text_max = 1 << 20;

std::string file_name(std::uint64_t number) {
    return std::to_string(number) + ".qcow2";
}

const File* find_file(const Record& record, std::uint64_t number) {
    const auto found = std::ranges::find(record.files, number, &File::number);
    return found == record.files.end() ? nullptr : &*found;
}

const Snapshot* find_snapshot(const Record& record, model::VolumeSnapshotId id) {
    const auto found = std::ranges::find(record.snapshots, id, &Snapshot::id);
    return found == record.snapshots.end() ? nullptr : &*found;
}

std::vector<std::uint64_t> chain(const Record& record, std::uint64_t from) {
    std::vector<std::uint64_t> numbers;
    for (const File* file = find_file(record, from); file != nullptr;) {
        numbers.push_back(file->number);
        file = file->parent ? find_file(record, *file->parent) : nullptr;
    }
    return numbers;
}

std::vector<std::uint64_t> children(const Record& record, std::uint64_t number) {
    std::vector<std::uint64_t> numbers;
    for (const File& file : record.files)
        if (file.parent == number) numbers.push_back(file.number);
    return numbers;
}

bool is_snapshot(const Record& record, std::uint64_t number) {
    return std::ranges::find(record.snapshots, number, &Snapshot::file) != record.snapshots.end();
}

// ---- as text -----------------------------------------------------------------------------------

static Json number(std::uint64_t value) {
    return Json(static_cast<std::int64_t>(value));
}

static Json files_json(const Record& record) {
    Json files = Json::array();
    for (const File& file : record.files) {
        Json item = Json::object({{"number", number(file.number)}});
        if (file.parent) item.set("parent", number(*file.parent));
        files.push(std::move(item));
    }
    return files;
}

static Json snapshots_json(const Record& record) {
    Json snapshots = Json::array();
    for (const Snapshot& snapshot : record.snapshots)
        snapshots.push(Json::object({{"id", text(snapshot.id)}, {"file", number(snapshot.file)}}));
    return snapshots;
}

std::string record_text(const Record& record) {
    Json whole = record.whole;
    whole.set("record", 1).set("volume", text(record.volume));
    whole.erase("image");
    if (record.image) whole.set("image", text(*record.image));
    whole.set("size_mib", record.size_mib).set("reverts", number(record.reverts));
    whole.set("next", number(record.next)).set("head", number(record.head));
    whole.set("files", files_json(record)).set("snapshots", snapshots_json(record));
    whole.erase("switching");
    if (record.switching)
        whole.set("switching", Json::object({{"snapshot", text(record.switching->snapshot)},
                                             {"layers", record.switching->layers}}));
    return base::dump_pretty(whole) + "\n";
}

static Error damaged(const std::string& what) {
    return {Error::Code::corrupt, "the volume's record is damaged: " + what,
            "put it back from a backup; the disk's files beside it are untouched"};
}

static Result<std::uint64_t> number_of(const Json& json, std::string_view name) {
    const Json& member = json.at(name);
    if (member.is(Json::Kind::integer) && member.integer() >= 0)
        return static_cast<std::uint64_t>(member.integer());
    return damaged("'" + std::string(name) + "' is missing or no whole number");
}

template <class Id>
static Result<Id> id_of(const Json& json, std::string_view name) {
    const auto uuid = base::parse_uuid(json.text_at(name));
    if (!uuid) return damaged("'" + std::string(name) + "' is missing or no id");
    return Id{*uuid};
}

static Result<std::vector<Json>> list_of(const Json& json, std::string_view name) {
    if (!json.at(name).is(Json::Kind::array))
        return damaged("'" + std::string(name) + "' is missing or no list");
    if (json.at(name).items().size() > files_max)
        return damaged("'" + std::string(name) + "' has more than " + std::to_string(files_max));
    return json.at(name).items();
}

static bool lies_on_itself(const Record& record, const File& file) {
    std::optional<std::uint64_t> below = file.parent;
    for (std::size_t steps = 0; below && steps < record.files.size(); ++steps)
        below = find_file(record, *below)->parent;
    return below.has_value();
}

static Status take_files(const Json& whole, Record& record) {
    for (const Json& item : TRY(list_of(whole, "files"))) {
        File file{.number = TRY(number_of(item, "number"))};
        if (item.has("parent")) file.parent = TRY(number_of(item, "parent"));
        if (file.number >= record.next ||
            (!record.files.empty() && record.files.back().number >= file.number))
            return damaged("file " + std::to_string(file.number) + " is out of order");
        record.files.push_back(file);
    }
    for (const File& file : record.files)
        if (file.parent && find_file(record, *file.parent) == nullptr)
            return damaged("file " + std::to_string(file.number) +
                           " lies on one that is not named");
    for (const File& file : record.files)
        if (lies_on_itself(record, file))
            return damaged("file " + std::to_string(file.number) + " lies on itself");
    return {};
}

static Status take_snapshots(const Json& whole, Record& record) {
    for (const Json& item : TRY(list_of(whole, "snapshots"))) {
        const Snapshot snapshot{.id = TRY(id_of<model::VolumeSnapshotId>(item, "id")),
                                .file = TRY(number_of(item, "file"))};
        if (find_file(record, snapshot.file) == nullptr || snapshot.file == record.head ||
            is_snapshot(record, snapshot.file) || find_snapshot(record, snapshot.id) != nullptr)
            return damaged("snapshot " + text(snapshot.id) + " has no file of its own");
        record.snapshots.push_back(snapshot);
    }
    return {};
}

static Status take_switching(const Json& whole, Record& record) {
    if (!whole.has("switching")) return {};
    const Json& json = whole.at("switching");
    record.switching = Switching{.snapshot = TRY(id_of<model::VolumeSnapshotId>(json, "snapshot")),
                                 .layers = json.integer_at("layers")};
    if (find_snapshot(record, record.switching->snapshot) != nullptr) return {};
    return damaged("the snapshot that was begun is not named");
}

Result<Record> parse_record(std::string_view text) {
    const Result<Json> parsed = base::parse_json(text, {.depth_max = 8, .size_max = text_max});
    if (!parsed.ok()) return damaged(parsed.error().message);
    Record record;
    record.whole = *parsed;
    record.volume = TRY(id_of<model::VolumeId>(record.whole, "volume"));
    if (record.whole.has("image")) record.image = TRY(id_of<model::ImageId>(record.whole, "image"));
    record.size_mib = record.whole.integer_at("size_mib");
    if (record.size_mib <= 0) return damaged("'size_mib' is missing or not above 0");
    record.reverts = TRY(number_of(record.whole, "reverts"));
    record.next = TRY(number_of(record.whole, "next"));
    record.head = TRY(number_of(record.whole, "head"));
    TRY(take_files(record.whole, record));
    if (find_file(record, record.head) == nullptr || !children(record, record.head).empty())
        return damaged("its head is not named, or something lies on it");
    TRY(take_snapshots(record.whole, record));
    TRY(take_switching(record.whole, record));
    return record;
}

// ---- on the disk -------------------------------------------------------------------------------

std::string record_path(const HostPaths& paths, model::VolumeId volume) {
    return paths.volume(volume) + "/volume.json";
}

Result<Record> read_record(const HostPaths& paths, model::VolumeId volume) {
    const std::string path = record_path(paths, volume);
    if (!runtime::exists(paths.volume(volume)))
        return Error{Error::Code::not_found, "volume " + text(volume) + " is not on this host"};
    const std::string bytes = TRY(runtime::read_file(path, text_max));
    Result<Record> record = parse_record(bytes);
    if (!record.ok())
        return Error{record.error().code, path + ": " + record.error().message,
                     record.error().hint};
    if (record->volume != volume)
        return Error{Error::Code::corrupt, path + " is the record of another volume",
                     "put the folders back as they were"};
    return record;
}

Status write_record(const HostPaths& paths, const Record& record) {
    return runtime::write_file_atomic(record_path(paths, record.volume), record_text(record));
}

Result<std::vector<model::VolumeId>> volumes_on(const HostPaths& paths, model::ImageId image) {
    std::vector<model::VolumeId> found;
    if (!runtime::exists(paths.volumes())) return found;
    for (const std::string& name : TRY(runtime::list_dir(paths.volumes()))) {
        const auto uuid = base::parse_uuid(name);
        if (!uuid) continue;
        const Result<Record> record = read_record(paths, {*uuid});
        if (!record.ok() || record->image == image) found.push_back({*uuid});
    }
    return found;
}

}  // namespace vdc::drivers::disks
