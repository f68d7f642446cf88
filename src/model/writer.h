#pragma once

#include "model/snapshot.h"

namespace vdc::model {

/// The one hand that writes into a snapshot: puts and takes records and keeps every index equal to
/// what the records say. It knows no rules; apply.cc does. Used by apply.cc and by the loading of
/// stored snapshots.
class Writer {
  public:
    explicit Writer(Snapshot& snapshot) : snapshot_(snapshot) {}

    /// Adds the record, or puts it in the place of the one with its id.
    template <class R>
    void put(Shared<R> record);
    template <class R>
    void put(R record) {
        put(std::make_shared<const R>(std::move(record)));
    }

    /// Takes the record away, if it is there.
    template <class R>
    void take(typename R::Id id);

  private:
    template <class R>
    void index(const R& record, bool present);
    template <class R>
    void reindex(const R& before, const R& after);
    template <class R>
    void index_name(const R& record, bool present);
    template <class R>
    void index_weight(const R& record, bool present);

    Snapshot& snapshot_;
};

/// Every link of a record: (link, parent). The parent of some is nil.
template <class R>
std::vector<std::pair<Link, base::Uuid>> links_of(const R& record);

}  // namespace vdc::model
