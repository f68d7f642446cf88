#include "model/kept.h"

#include "model/writer.h"

namespace vdc::model {

Kept::Kept(const Snapshot& snapshot, const Subject& subject) : subject_(subject) {
    for_each_noun([&]<class R>(std::type_identity<R>) {
        if (R::noun != subject.noun) return;
        const Shared<R>* found = snapshot.all<R>().find(typename R::Id{subject.id});
        if (found != nullptr) record_ = *found;
    });
}

void Kept::restore(Snapshot& snapshot) const {
    for_each_noun([&]<class R>(std::type_identity<R>) {
        if (R::noun != subject_.noun) return;
        Writer writer{snapshot};
        if (record_)
            writer.put(std::static_pointer_cast<const R>(record_));
        else
            writer.take<R>(typename R::Id{subject_.id});
    });
}

}  // namespace vdc::model
