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
    explicit Ranking(const Needs& needs);

    const Needs& needs() const { return needs_; }

    /// Everything below is as of the last refresh.
    void refresh(const Roster& roster, Worths& worths);

    /// Of a shelf with hosts: whether they hold it, how well and in which seat.
    bool holds(ShelfId shelf) const { return holds_[shelf] != 0; }
    std::int64_t score(const Shelf& shelf) const { return leaf(shelf).best.score; }
    Seat seat(const Shelf& shelf) const { return leaf(shelf).seat; }

    /// Open hosts of a class, and those of them that hold it.
    std::int64_t hosts(ClassId id) const { return trees_[id].hosts; }
    std::int64_t fitting(ClassId id) const { return trees_[id].fitting; }

    /// What is asked about room and may remove somebody, in the order in which it is asked.
    static constexpr std::size_t questions_max = kinds_max + 3;
    const std::vector<Removed>& questions() const { return questions_; }
    /// How many hosts of a class a question removed.
    std::int64_t removed(ClassId id, std::size_t question) const {
        return trees_[id].removed[question];
    }

    /// Hosts from the best on, of the classes that were added.
    class Walk {
      public:
        Walk(const Ranking& ranking, const Roster& roster);
        void add(ClassId id, Yielded yielded);
        std::optional<Position> next();
        /// Better than which the next one will not be; none: there is no next one.
        std::optional<Position> bound() const;

      private:
        struct Item {
            Position position;
            ClassId of_class = 0;
            std::size_t part = 0;
        };
        static bool later(const Item& a, const Item& b) { return better(b.position, a.position); }
        void push(Item item);
        void descend(Item& item);
        void look_behind(Item item);

        const Ranking& ranking_;
        const Roster& roster_;
        std::vector<Item> heap_;
        /// What was told last. Who stands behind it is looked for only when the next one is asked
        /// for: most want only the first.
        std::optional<Item> told_;
    };

  private:
    static constexpr Rank absent = static_cast<Rank>(-1);

    struct Best {
        std::int64_t score = 0;
        Rank rank = absent;
        friend bool operator==(const Best&, const Best&) = default;
    };
    /// A shelf, at its place: all that is asked when it changes lies together.
    struct Leaf {
        Best best{};                ///< without a rank while it is empty, or does not hold it
        std::uint32_t version = 0;  ///< of the shelf, and 1; 0: not asked
        std::uint32_t hosts = 0;    ///< as counted
        Seat seat{};
        std::uint8_t question = 0;  ///< that it fails
        bool fits = false;
    };
    struct Tree {
        std::int64_t hosts = 0;
        std::int64_t fitting = 0;
        std::array<std::int64_t, questions_max> removed{};
        std::size_t width = 1;
        std::vector<Best> inner{1};  ///< of each part but single shelves, the whole is 1
        std::vector<Leaf> leaves{1};

        /// Leaves begin at width.
        const Best& best(std::size_t part) const {
            return part < width ? inner[part] : leaves[part - width].best;
        }
        void widen(std::size_t count);
        void set(std::size_t place, const Best& value);
        void raise(std::size_t part);
        void count(Leaf& leaf, std::uint32_t hosts_now);
    };

    const Leaf& leaf(const Shelf& shelf) const {
        return trees_[shelf.of_class].leaves[shelf.place];
    }
    std::uint8_t number_of(const Fit& fit) const;
    void look_at(ShelfId shelf, const Roster& roster, Worths& worths);

    Needs needs_;
    std::vector<Removed> questions_;
    std::uint64_t era_ = 0;
    std::size_t seen_ = 0;             ///< of the roster's changes
    std::vector<std::uint8_t> holds_;  ///< by shelf
    std::vector<Tree> trees_;          ///< by class
};

}  // namespace vdc::placement
