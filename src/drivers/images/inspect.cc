#include "drivers/images/inspect.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "drivers/images/block.h"
#include "drivers/images/signs.h"

namespace vdc::drivers::images {

using base::Error;
using base::Result;
using base::Status;

static constexpr std::array<std::pair<Format, std::string_view>, 5> words{{
    {Format::raw, "raw"},
    {Format::qcow2, "qcow2"},
    {Format::vmdk, "vmdk"},
    {Format::vhd, "vhd"},
    {Format::vhdx, "vhdx"},
}};

std::string_view word(Format format) {
    for (const auto& [value, name] : words)
        if (value == format) return name;
    base::broken("an image format without a word");
}

static Status check_declared(std::string_view declared) {
    std::vector<std::string> known{"auto"};
    for (const auto& [value, name] : words) known.emplace_back(name);
    if (std::ranges::find(known, declared) != known.end()) return {};
    return Error{Error::Code::invalid,
                 "'" + base::quoted(declared, 40) + "' is no image format" +
                     base::did_you_mean(declared, known),
                 "declare one of " + base::join(known, ", ")};
}

static std::string seen_at(const Sign& sign) {
    return sign.name + " (its mark at byte " + std::to_string(sign.at) + ")";
}

/// Two marks of one format are one (a dynamic VHD begins and ends with the same).
static const Sign* another(const std::vector<Sign>& signs) {
    for (const Sign& sign : signs)
        if (sign.name != signs.front().name) return &sign;
    return nullptr;
}

/// The one format that the marks allow.
static Result<Format> only_format(const std::vector<Sign>& signs) {
    if (signs.empty()) return Format::raw;
    if (const Sign* other = another(signs))
        return Error{Error::Code::invalid,
                     "the image is two things at once: " + seen_at(signs.front()) + " and " +
                         seen_at(*other),
                     "convert it to a clean one first: qemu-img convert -O qcow2 OLD NEW"};
    const Sign& sign = signs.front();
    if (sign.kind == Sign::Kind::refused)
        return Error{Error::Code::unsupported,
                     "the image is " + seen_at(sign) + ", which is not imported", sign.advice};
    return sign.kind == Sign::Kind::content ? Format::raw : sign.format;
}

static Result<Found> inspect_as(Format format, const Source& source, const Limits& limits) {
    switch (format) {
        case Format::raw: return inspect_raw(source, limits);
        case Format::qcow2: return inspect_qcow2(source, limits);
        case Format::vmdk: return inspect_vmdk(source, limits);
        case Format::vhd: return inspect_vhd(source, limits);
        case Format::vhdx: return inspect_vhdx(source, limits);
    }
    base::broken("an image format without a parser");
}

Result<Found> inspect(const Source& source, std::string_view declared, const Limits& limits) {
    TRY(check_declared(declared));
    if (source.size() == 0)
        return Error{Error::Code::invalid, "the image is empty", "upload its bytes first"};
    const std::vector<Sign> signs = TRY(signs_of(source));
    const Format format = TRY(only_format(signs));
    if (declared != "auto" && declared != word(format))
        return Error{Error::Code::invalid,
                     "the image was declared " + std::string(declared) + ", but it is " +
                         std::string(word(format)),
                     "declare " + std::string(word(format)) + " if that is what it should be"};
    return inspect_as(format, source, limits);
}

Status check_virtual_size(const Source& source, std::uint64_t size, const Limits& limits) {
    if (size == 0)
        return Error{Error::Code::invalid, "the image's virtual size is 0: there is no disk in it"};
    if (size > limits.virtual_size_max)
        return Error{Error::Code::too_large,
                     "the image's virtual size is " + std::to_string(size) + " bytes; at most " +
                         std::to_string(limits.virtual_size_max) + " are allowed here",
                     "shrink the disk in the image, or ask for a higher limit"};
    if (size > virtual_size_always && size / lie_factor > source.size())
        return Error{Error::Code::too_large,
                     "the image claims a virtual size of " + std::to_string(size) +
                         " bytes in a file of " + std::to_string(source.size()) +
                         ": above 64 GiB, at most " + std::to_string(lie_factor) +
                         " times the file's size is believed",
                     "make the image smaller and grow the volume made from it"};
    return {};
}

}  // namespace vdc::drivers::images
