#include "drivers/qemu/seed.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string_view>
#include <vector>

namespace vdc::drivers::qemu {

using base::check;
using base::Error;
using base::Result;
using runtime::Fd;
using runtime::system_error;

// The image, in sectors of 2048 bytes (clause numbers are those of ECMA-119):
//     0-15  unused    16 primary volume descriptor (8.4)    17 its terminator (8.3)
//     18    path table, little-endian    19 the same, big-endian (9.4)
//     20    the root folder (9.1)        21- the files
// Names in the folder are upper case as the standard wants them; the Rock Ridge field NM
// (IEEE P1282, 4.1.4) after each gives the real one.
static constexpr std::size_t sector_size = 2048;
static constexpr std::uint32_t path_table_little = 18;
static constexpr std::uint32_t path_table_big = 19;
static constexpr std::uint32_t root_folder = 20;
static constexpr std::uint32_t first_file = 21;
static constexpr std::uint32_t path_table_size = 10;
static constexpr std::size_t file_size_max = 1 << 20;

namespace {

struct File {
    std::string name;
    std::string_view bytes;
    std::uint32_t sector = 0;
};

/// Bytes that are appended in the encodings of clause 7.
class Writer {
  public:
    Writer& byte(unsigned value) {
        bytes_ += static_cast<char>(value);
        return *this;
    }
    Writer& little(std::uint32_t value, int size) {
        for (int i = 0; i < size; ++i) byte(value >> (8 * i) & 255);
        return *this;
    }
    Writer& big(std::uint32_t value, int size) {
        for (int i = size; i-- > 0;) byte(value >> (8 * i) & 255);
        return *this;
    }
    Writer& both(std::uint32_t value, int size) { return little(value, size).big(value, size); }
    Writer& text(std::string_view value) {
        bytes_ += value;
        return *this;
    }
    /// Text of a fixed width, filled with blanks.
    Writer& field(std::string_view value, std::size_t width) {
        check(value.size() <= width, "a text of the seed disk is too long for its field");
        bytes_ += value;
        return fill(width - value.size(), ' ');
    }
    Writer& fill(std::size_t count, char with = 0) {
        bytes_.append(count, with);
        return *this;
    }
    Writer& fill_to(std::size_t size) {
        check(bytes_.size() <= size, "a part of the seed disk is too long for its place");
        return fill(size - bytes_.size());
    }
    const std::string& bytes() const { return bytes_; }

  private:
    std::string bytes_;
};

}  // namespace

static std::uint32_t sectors_of(std::size_t size) {
    return static_cast<std::uint32_t>((size + sector_size - 1) / sector_size);
}

/// Entry of a folder (9.1). `system_use` is what Rock Ridge adds.
static std::string folder_entry(std::string_view name, std::uint32_t sector, std::uint32_t size,
                                unsigned flags, const std::string& system_use) {
    const std::size_t padded = 33 + name.size() + (name.size() % 2 == 0 ? 1 : 0);
    Writer entry;
    entry.byte(static_cast<unsigned>(padded + system_use.size())).byte(0);
    entry.both(sector, 4).both(size, 4);
    // 1 January 1970, UTC: equal seeds give equal bytes.
    entry.byte(70).byte(1).byte(1).byte(0).byte(0).byte(0).byte(0);
    entry.byte(flags).byte(0).byte(0).both(1, 2);
    entry.byte(static_cast<unsigned>(name.size())).text(name).fill_to(padded);
    return entry.text(system_use).bytes();
}

/// Rock Ridge: POSIX mode (PX) and name (NM), of even length.
static std::string rock_ridge(std::uint32_t mode, std::uint32_t links, std::string_view name) {
    Writer fields;
    fields.text("PX").byte(36).byte(1).both(mode, 4).both(links, 4).both(0, 4).both(0, 4);
    if (!name.empty())
        fields.text("NM").byte(static_cast<unsigned>(5 + name.size())).byte(1).byte(0).text(name);
    if (fields.bytes().size() % 2 != 0) fields.byte(0);
    return fields.bytes();
}

/// SP says that such fields follow, ER which (SUSP 5.3 and 5.5).
static std::string rock_ridge_begins() {
    Writer fields;
    fields.text("SP").byte(7).byte(1).byte(0xBE).byte(0xEF).byte(0);
    fields.text("ER").byte(8 + 10).byte(1).byte(10).byte(0).byte(0).byte(1).text("RRIP_1991A");
    if (fields.bytes().size() % 2 != 0) fields.byte(0);
    return fields.bytes();
}

/// "user-data" as the standard writes it: "USER_DATA.;1".
static std::string plain_name(std::string_view name) {
    std::string plain;
    for (char c : name) plain += c == '-' ? '_' : static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
    return plain + ".;1";
}

static std::string root_entry(std::string_view name, const std::string& system_use) {
    return folder_entry(name, root_folder, sector_size, /*folder=*/2, system_use);
}

static std::string folder(const std::vector<File>& files) {
    using namespace std::string_view_literals;
    const std::string ours = rock_ridge(040555, 2, "");
    Writer sector;
    sector.text(root_entry("\0"sv, rock_ridge_begins() + ours));
    sector.text(root_entry("\1"sv, ours));
    for (const File& file : files)
        sector.text(folder_entry(plain_name(file.name), file.sector,
                                 static_cast<std::uint32_t>(file.bytes.size()), 0,
                                 rock_ridge(0100444, 1, file.name)));
    return sector.fill_to(sector_size).bytes();
}

static std::string volume_descriptor(std::uint32_t sectors) {
    using namespace std::string_view_literals;
    constexpr std::string_view no_date = "0000000000000000\0"sv;
    Writer sector;
    sector.byte(1).text("CD001").byte(1).byte(0);
    sector.field("LINUX", 32).field("CIDATA", 32).fill(8);
    sector.both(sectors, 4).fill(32).both(1, 2).both(1, 2).both(sector_size, 2);
    sector.both(path_table_size, 4);
    sector.little(path_table_little, 4).little(0, 4).big(path_table_big, 4).big(0, 4);
    sector.text(root_entry("\0"sv, ""));
    sector.field("", 128).field("", 128).field("", 128).field("VDC", 128);
    sector.field("", 37).field("", 37).field("", 37);
    sector.text(no_date).text(no_date).text(no_date).text(no_date);
    return sector.byte(1).byte(0).fill_to(sector_size).bytes();
}

static std::string terminator() {
    return Writer().byte(255).text("CD001").byte(1).fill_to(sector_size).bytes();
}

static std::string path_table(bool little) {
    Writer table;
    table.byte(1).byte(0);
    little ? table.little(root_folder, 4).little(1, 2) : table.big(root_folder, 4).big(1, 2);
    return table.byte(0).byte(0).fill_to(sector_size).bytes();
}

/// The files there are, each at its place, in the order of their plain names (9.3).
static Result<std::vector<File>> files_of(const control::SeedSpec& seed, std::uint32_t& end) {
    std::vector<File> files;
    for (const auto& [name, bytes] :
         {std::pair<const char*, const std::string&>{"meta-data", seed.meta_data},
          {"network-config", seed.network_config},
          {"user-data", seed.user_data}}) {
        if (bytes.size() > file_size_max)
            return Error{Error::Code::too_large,
                         std::string(name) + " of the seed disk has " +
                             std::to_string(bytes.size()) + " bytes, more than 1 MiB",
                         "let the instance fetch what is large when it starts"};
        if (bytes.empty()) continue;
        files.push_back({name, bytes, end});
        end += sectors_of(bytes.size());
    }
    return files;
}

Result<std::string> seed_image(const control::SeedSpec& seed) {
    std::uint32_t end = first_file;
    const std::vector<File> files = TRY(files_of(seed, end));
    if (files.empty()) return std::string();
    Writer image;
    image.fill(16 * sector_size).text(volume_descriptor(end)).text(terminator());
    image.text(path_table(/*little=*/true)).text(path_table(/*little=*/false)).text(folder(files));
    for (const File& file : files) image.fill_to(file.sector * sector_size).text(file.bytes);
    return image.fill_to(end * sector_size).bytes();
}

Result<Fd> sealed_file(const std::string& bytes) {
    const Fd file(::memfd_create("seed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file) return system_error(errno, "cannot make a file in memory");
    std::size_t written = 0;
    while (written < bytes.size()) {
        const ssize_t count = ::write(file.get(), bytes.data() + written, bytes.size() - written);
        if (count < 0) return system_error(errno, "cannot write a file in memory");
        written += static_cast<std::size_t>(count);
    }
    if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
        return system_error(errno, "cannot seal a file in memory");
    Fd reader(
        ::open(("/proc/self/fd/" + std::to_string(file.get())).c_str(), O_RDONLY | O_CLOEXEC));
    if (!reader) return system_error(errno, "cannot open a file in memory again");
    return reader;
}

}  // namespace vdc::drivers::qemu
