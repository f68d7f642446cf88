#include "api/items.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "model/status.h"
#include "model/view.h"
#include "model/write_json.h"

namespace vdc::api {

using model::Snapshot;

template <class R>
void write_item(std::string& out, const Snapshot& snapshot, const R& record) {
    write_open(out, record);
    const model::StatusWord status = status_of(snapshot, record);
    out += R"(,"status":{"word":)";
    base::dump_text_to(out, status.word);
    out += R"(,"sentence":)";
    base::dump_text_to(out, status.sentence);
    out += R"(},"view":)";
    model::write_part(out, view_of(snapshot, record));
    out += '}';
}

void write_subject(std::string& out, const Snapshot& snapshot, const model::Subject& subject) {
    bool written = false;
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        if (R::noun != subject.noun) return;
        const R* record = snapshot.find<R>(typename R::Id{subject.id});
        if (record == nullptr) return;
        write_item(out, snapshot, *record);
        written = true;
    });
    if (!written) out += "null";
}

// ---- entity tags -------------------------------------------------------------------------------

std::string etag_of(model::Revision declared, const std::string& shown) {
    const std::string mark = text(base::Hasher{}.add(shown).finish());
    return '"' + std::to_string(declared) + '-' + mark.substr(0, 16) + '"';
}

/// Calls each(tag) for the tags of a header, without W/ and quotes; `*` is given as it is.
template <class Each>
static bool any_tag(std::string_view header, Each each) {
    for (const std::string& part : base::split(header, ',')) {
        std::string_view tag = part;
        while (tag.starts_with(' ')) tag.remove_prefix(1);
        while (tag.ends_with(' ')) tag.remove_suffix(1);
        if (tag.starts_with("W/")) tag.remove_prefix(2);
        if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"')
            tag = tag.substr(1, tag.size() - 2);
        if (each(tag)) return true;
    }
    return false;
}

bool if_match_holds(std::string_view header, model::Revision declared) {
    const std::string wanted = std::to_string(declared);
    return any_tag(header, [&](std::string_view tag) {
        return tag == "*" || tag.substr(0, tag.find('-')) == wanted;
    });
}

bool if_none_match_holds(std::string_view header, std::string_view etag) {
    const std::string_view wanted = etag.substr(1, etag.size() - 2);
    return any_tag(header, [&](std::string_view tag) { return tag == "*" || tag == wanted; });
}

#define VDC_WRITE_ITEM(R) \
    template void write_item<model::R>(std::string&, const Snapshot&, const model::R&);
VDC_WRITE_ITEM(Project)
VDC_WRITE_ITEM(Host)
VDC_WRITE_ITEM(Flavor)
VDC_WRITE_ITEM(KeyPair)
VDC_WRITE_ITEM(Image)
VDC_WRITE_ITEM(Network)
VDC_WRITE_ITEM(Volume)
VDC_WRITE_ITEM(VolumeSnapshot)
VDC_WRITE_ITEM(Port)
VDC_WRITE_ITEM(Instance)
VDC_WRITE_ITEM(Application)
VDC_WRITE_ITEM(Balance)
VDC_WRITE_ITEM(Operation)

}  // namespace vdc::api
