#pragma once

#include <array>
#include <optional>
#include <vector>

#include "placement/fit.h"
#include "placement/roster.h"

/// All shelves in the order in which those with certain needs take their hosts.
namespace vdc::placement {

/// The order: fewest soft rules broken, then the highest score, then the lowest name.
struct Position {
    Yielded yielded = 0;
    std::int64_t score = 0;
    Rank rank = 0;
};

bool better(const Position& a, const Position& b);

/// What rooms are worth, asked once for each shelf.
class Worths {
  public:
    explicit Worths(Appraiser appraiser) : appraiser_(std::move(appraiser)) {}
    const Appraiser& appraiser() const { return appraiser_; }
    std::int64_t of(const Roster& roster, ShelfId shelf);

  private:
    struct Known {
        std::int64_t worth = 0;
        std::uint32_t version = 0;  ///< of the shelf, and 1; 0: not asked
    };
    Appraiser appraiser_;
    std::vector<Known> known_;
};

/// For each class of hosts a tree over its shelves knows the best of each part. It is kept fresh by
/// the roster's changes, each at the cost of the tree's height; what a shelf gives is asked once.
class Ranking {
  public:
    explicit Ranking(const Needs& needs) : needs_(needs) {}

    const Needs& needs() const { return needs_; }

    /// Everything below is as of the last refresh.
    void refresh(const Roster& roster, Worths& worths);

    const Fit& fit(ShelfId shelf) const { return known_[shelf].fit; }

    /// Open hosts of a class, and those of them that hold it.
    std::int64_t hosts(ClassId id) const { return trees_[id].hosts; }
    std::int64_t fitting(ClassId id) const { return trees_[id].fitting; }

    /// How many hosts of a class each question about amounts and seats removed.
    static constexpr std::size_t questions = kinds_max + 3;
    static Removed question(std::size_t number);
    std::int64_t removed(ClassId id, std::size_t question) const {
        return trees_[id].removed[question];
    }

    /// Hosts from the best on, of the classes that were added.
    class Walk {
      public:
        Walk(const Ranking& ranking, const Roster& roster);
        void add(ClassId id, Yielded yielded);
        std::optional<Position> next();
        /// What the next one will be. There must be one.
        const Position& ahead() const { return heap_.front().position; }
        bool is_over() const { return heap_.empty(); }

      private:
        struct Item {
            Position position;
            ClassId of_class = 0;
            std::size_t part = 0;
            std::set<Rank>::const_iterator host{};  ///< of a single shelf
        };
        static bool later(const Item& a, const Item& b) { return better(b.position, a.position); }
        void push(Item item);
        void descend(Item& item);

        const Ranking& ranking_;
        const Roster& roster_;
        std::vector<Item> heap_;
    };

  private:
    static constexpr Rank absent = static_cast<Rank>(-1);

    struct Best {
        std::int64_t score = 0;
        Rank rank = absent;
        friend bool operator==(const Best&, const Best&) = default;
    };
    struct Tree {
        std::size_t width = 1;
        std::vector<Best> best{2};  ///< of each part; the leaves begin at width
        std::int64_t hosts = 0;
        std::int64_t fitting = 0;
        std::array<std::int64_t, questions> removed{};

        void widen(std::size_t count);
        void set(std::size_t place, const Best& value);
        void raise(std::size_t part);
    };
    struct Known {
        Fit fit;
        std::uint32_t version = 0;  ///< of the shelf, and 1; 0: not asked
        std::int64_t hosts = 0;     ///< as counted
    };
    void count(Tree& tree, Known& known, std::int64_t hosts) const;

    void look_at(ShelfId shelf, const Roster& roster, Worths& worths);

    Needs needs_;
    std::uint64_t era_ = 0;
    std::size_t seen_ = 0;  ///< of the roster's changes
    std::vector<Known> known_;
    std::vector<Tree> trees_;  ///< by class
};

}  // namespace vdc::placement
