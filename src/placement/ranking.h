#pragma once

#include <array>
#include <optional>
#include <vector>

#include "placement/fit.h"
#include "placement/roster.h"

/// All shelves in the order in which requests of one shape take their hosts.
namespace vdc::placement {

/// The order: fewest soft rules broken, then the highest score, then the lowest name.
struct Standing {
    Yielded yielded = 0;
    std::int64_t score = 0;
    Rank rank = 0;
};

bool better(const Standing& a, const Standing& b);

/// A tree over the shelves knows the best host of each part of them. It is kept fresh by the
/// roster's changes, each at the cost of the tree's height; what a shelf gives is asked once.
class Ranking {
  public:
    explicit Ranking(Shape shape) : shape_(std::move(shape)) {}

    const Shape& shape() const { return shape_; }

    /// Everything else is as of the last refresh.
    void refresh(const Roster& roster, const Mix& mix);

    const Fit& fit(ShelfId shelf) const { return fits_[shelf].fit; }

    /// Open hosts that it fits, and for each question the number that it removed.
    std::int64_t fitting() const { return fitting_; }
    void append_removed(std::vector<Removed>& removed) const;

    /// Hosts from the best on.
    class Walk {
      public:
        Walk(const Ranking& ranking, const Roster& roster);
        std::optional<Standing> next();

      private:
        struct Item {
            Standing standing;
            std::size_t part = 0;
            std::set<Rank>::const_iterator host{};  ///< of a single shelf
        };
        void push(const Item& item);
        void push_part(std::size_t part);

        const Ranking& ranking_;
        const Roster& roster_;
        std::vector<Item> heap_;
    };

  private:
    struct Known {
        Fit fit;
        bool asked = false;
        std::int64_t hosts = 0;  ///< as counted
    };
    static constexpr Rank absent = static_cast<Rank>(-1);
    static constexpr std::size_t questions = 16;  ///< of each kind: rules, kinds of resources

    void begin_anew();
    void widen(std::size_t count);
    void count(Known& known, std::int64_t hosts);
    void look_at(ShelfId shelf, const Roster& roster, const Mix& mix);
    void raise(std::size_t part);

    Shape shape_;
    std::uint64_t era_ = 0;
    std::size_t seen_ = 0;  ///< of the roster's changes
    std::size_t width_ = 1;
    std::vector<Known> fits_;
    std::vector<Standing> best_;  ///< a tree of the best; the leaves begin at width_
    std::int64_t fitting_ = 0;
    std::array<std::array<std::int64_t, questions>, 10> removed_{};
};

}  // namespace vdc::placement
