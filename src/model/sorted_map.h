#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace vdc::model {

/// The right to change maps in place. Nodes made under an edit may be overwritten under it; all
/// other nodes are copied first. Copying an Edit ends it on both sides, so that two snapshots that
/// share nodes can never write through each other. Reading needs no edit. Several threads may copy
/// one Edit at once; hence the atomic, the only one in the pure rooms.
class Edit {
  public:
    Edit() = default;
    Edit(const Edit& other) { other.end(); }
    Edit& operator=(const Edit& other) {
        other.end();
        end();
        return *this;
    }
    Edit(Edit&& other) noexcept : owner_(std::move(other.owner_)), ended_(other.ended_.load()) {}
    Edit& operator=(Edit&& other) noexcept {
        owner_ = std::move(other.owner_);
        ended_ = other.ended_.load();
        return *this;
    }

    using Owner = std::shared_ptr<const char>;
    const Owner& owner() {
        if (ended_.exchange(false)) owner_ = nullptr;
        if (!owner_) owner_ = std::make_shared<const char>('e');
        return owner_;
    }

  private:
    void end() const { ended_.store(true); }
    Owner owner_;
    mutable std::atomic<bool> ended_ = false;
};

/// A sorted map whose copies are cheap and share what they have in common: a copy costs one
/// pointer, a change after it one leaf and the list of leaves. Iterates in key order.
/// Copies may be read from several threads; one copy is changed by one thread.
template <class Key, class Value>
class SortedMap {
  public:
    using Entry = std::pair<Key, Value>;

  private:
    static constexpr std::size_t leaf_max = 64;
    struct Leaf {
        Edit::Owner owner;
        std::vector<Entry> entries;  // sorted, never empty
    };
    struct Root {
        Edit::Owner owner;
        std::vector<std::shared_ptr<Leaf>> leaves;  // sorted by their first keys
    };

  public:
    class Iterator {
      public:
        using value_type = Entry;
        using reference = const Entry&;
        using pointer = const Entry*;
        using iterator_category = std::forward_iterator_tag;
        using difference_type = std::ptrdiff_t;
        const Entry& operator*() const { return root_->leaves[leaf_]->entries[at_]; }
        const Entry* operator->() const { return &**this; }
        Iterator& operator++() {
            if (++at_ == root_->leaves[leaf_]->entries.size()) {
                ++leaf_;
                at_ = 0;
            }
            return *this;
        }
        Iterator operator++(int) {
            Iterator before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(const Iterator& a, const Iterator& b) {
            return a.leaf_ == b.leaf_ && a.at_ == b.at_;
        }

      private:
        friend class SortedMap;
        const Root* root_ = nullptr;
        std::size_t leaf_ = 0;
        std::size_t at_ = 0;
    };

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

    Iterator begin() const { return at(0, 0); }
    Iterator end() const { return at(root_ ? root_->leaves.size() : 0, 0); }

    /// The first entry whose key is not less than `key`.
    Iterator lower_bound(const Key& key) const {
        if (!root_) return end();
        const std::size_t leaf = leaf_of(key);
        const auto& entries = root_->leaves[leaf]->entries;
        const std::size_t position = position_of(entries, key);
        return position < entries.size() ? at(leaf, position) : at(leaf + 1, 0);
    }

    /// The value, or nullptr. Stays valid while this map (or a copy) lives unchanged.
    const Value* find(const Key& key) const {
        if (!root_) return nullptr;
        const auto& entries = root_->leaves[leaf_of(key)]->entries;
        const std::size_t position = position_of(entries, key);
        if (position == entries.size() || key < entries[position].first) return nullptr;
        return &entries[position].second;
    }
    bool contains(const Key& key) const { return find(key) != nullptr; }

    void set(Edit& edit, const Key& key, Value value) {
        Root& root = own_root(edit);
        if (root.leaves.empty()) {
            root.leaves.push_back(std::make_shared<Leaf>(Leaf{edit.owner(), {}}));
            root.leaves[0]->entries.emplace_back(key, std::move(value));
            size_ = 1;
            return;
        }
        const std::size_t index = leaf_of(key);
        Leaf& leaf = own_leaf(edit, root, index);
        const std::size_t position = position_of(leaf.entries, key);
        if (position < leaf.entries.size() && !(key < leaf.entries[position].first)) {
            leaf.entries[position].second = std::move(value);
            return;
        }
        leaf.entries.emplace(leaf.entries.begin() + static_cast<std::ptrdiff_t>(position), key,
                             std::move(value));
        ++size_;
        if (leaf.entries.size() > leaf_max) split(edit, root, index);
    }

    /// True when there was such an entry.
    bool erase(Edit& edit, const Key& key) {
        if (!contains(key)) return false;
        Root& root = own_root(edit);
        const std::size_t index = leaf_of(key);
        Leaf& leaf = own_leaf(edit, root, index);
        leaf.entries.erase(leaf.entries.begin() +
                           static_cast<std::ptrdiff_t>(position_of(leaf.entries, key)));
        --size_;
        if (leaf.entries.empty())
            root.leaves.erase(root.leaves.begin() + static_cast<std::ptrdiff_t>(index));
        if (root.leaves.empty()) root_ = nullptr;
        return true;
    }

  private:
    Iterator at(std::size_t leaf, std::size_t position) const {
        Iterator iterator;
        iterator.root_ = root_.get();
        iterator.leaf_ = leaf;
        iterator.at_ = position;
        return iterator;
    }

    /// The last leaf that begins at or before `key`, or the first one. There is at least one.
    std::size_t leaf_of(const Key& key) const {
        const auto& leaves = root_->leaves;
        const auto after = std::upper_bound(leaves.begin(), leaves.end(), key,
                                            [](const Key& wanted, const auto& leaf) {
                                                return wanted < leaf->entries.front().first;
                                            });
        return after == leaves.begin() ? 0 : static_cast<std::size_t>(after - leaves.begin()) - 1;
    }

    static std::size_t position_of(const std::vector<Entry>& entries, const Key& key) {
        const auto found = std::lower_bound(
            entries.begin(), entries.end(), key,
            [](const Entry& entry, const Key& wanted) { return entry.first < wanted; });
        return static_cast<std::size_t>(found - entries.begin());
    }

    Root& own_root(Edit& edit) {
        if (!root_) root_ = std::make_shared<Root>(Root{edit.owner(), {}});
        if (root_->owner != edit.owner())
            root_ = std::make_shared<Root>(Root{edit.owner(), root_->leaves});
        return *root_;
    }

    Leaf& own_leaf(Edit& edit, Root& root, std::size_t index) {
        auto& leaf = root.leaves[index];
        if (leaf->owner != edit.owner())
            leaf = std::make_shared<Leaf>(Leaf{edit.owner(), leaf->entries});
        return *leaf;
    }

    void split(Edit& edit, Root& root, std::size_t index) {
        auto& entries = root.leaves[index]->entries;
        const auto middle = entries.begin() + static_cast<std::ptrdiff_t>(entries.size() / 2);
        auto upper = std::make_shared<Leaf>(Leaf{edit.owner(), {}});
        upper->entries.assign(std::make_move_iterator(middle),
                              std::make_move_iterator(entries.end()));
        entries.erase(middle, entries.end());
        root.leaves.insert(root.leaves.begin() + static_cast<std::ptrdiff_t>(index) + 1,
                           std::move(upper));
    }

    std::shared_ptr<Root> root_;
    std::size_t size_ = 0;
};

}  // namespace vdc::model
