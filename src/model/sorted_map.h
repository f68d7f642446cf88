#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
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
/// pointer, a change after it the nodes on the way to its entry (a B+ tree with path copying; J. R.
/// Driscoll et al., Making Data Structures Persistent, 1989). Iterates in key order.
/// Copies may be read from several threads; one copy is changed by one thread.
template <class Key, class Value>
class SortedMap {
  public:
    using Entry = std::pair<Key, Value>;

  private:
    static constexpr std::size_t node_max = 64;

    /// A leaf has entries, a branch has children; neither is ever empty.
    struct Node;
    struct Child {
        Key from;  ///< no key in it is less; of a branch's first child it says nothing
        std::shared_ptr<Node> node;
    };
    struct Node {
        Edit::Owner owner;
        std::vector<Entry> entries;
        std::vector<Child> children;
        bool is_leaf() const { return children.empty(); }
        bool is_empty() const { return entries.empty() && children.empty(); }
    };

  public:
    class Iterator {
      public:
        using value_type = Entry;
        using reference = const Entry&;
        using pointer = const Entry*;
        using iterator_category = std::forward_iterator_tag;
        using difference_type = std::ptrdiff_t;
        const Entry& operator*() const { return leaf_->entries[at_]; }
        const Entry* operator->() const { return &**this; }
        Iterator& operator++() {
            if (++at_ == leaf_->entries.size()) {
                leaf_ = leaf_after(*root_, leaf_->entries.back().first);
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
        const Node* root_ = nullptr;
        const Node* leaf_ = nullptr;  ///< none: the end
        std::size_t at_ = 0;
    };

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

    Iterator begin() const { return root_ ? at(first_leaf(root_.get()), 0) : end(); }
    Iterator end() const { return at(nullptr, 0); }

    /// The first entry whose key is not less than `key`.
    Iterator lower_bound(const Key& key) const {
        if (!root_) return end();
        const Node* leaf = leaf_of(*root_, key);
        const std::size_t position = position_of(leaf->entries, key);
        if (position < leaf->entries.size()) return at(leaf, position);
        return at(leaf_after(*root_, key), 0);
    }

    /// The value, or nullptr. Stays valid while this map (or a copy) lives unchanged.
    const Value* find(const Key& key) const {
        if (!root_) return nullptr;
        const auto& entries = leaf_of(*root_, key)->entries;
        const std::size_t position = position_of(entries, key);
        if (position == entries.size() || key < entries[position].first) return nullptr;
        return &entries[position].second;
    }
    bool contains(const Key& key) const { return find(key) != nullptr; }

    void set(Edit& edit, const Key& key, Value value) {
        if (!root_) root_ = std::make_shared<Node>(Node{edit.owner(), {}, {}});
        auto upper = put(edit, own(edit, root_), key, std::move(value));
        if (!upper) return;
        std::vector<Child> halves{{upper->from, std::move(root_)}, std::move(*upper)};
        root_ = std::make_shared<Node>(Node{edit.owner(), {}, std::move(halves)});
    }

    /// True when there was such an entry.
    bool erase(Edit& edit, const Key& key) {
        if (!contains(key)) return false;
        take(edit, own(edit, root_), key);
        --size_;
        while (root_->children.size() == 1) {
            auto only = root_->children.front().node;
            root_ = std::move(only);
        }
        if (root_->is_empty()) root_ = nullptr;
        return true;
    }

  private:
    Iterator at(const Node* leaf, std::size_t position) const {
        Iterator iterator;
        iterator.root_ = root_.get();
        iterator.leaf_ = leaf;
        iterator.at_ = position;
        return iterator;
    }

    /// The last child that begins at or before `key`, or the first one.
    static std::size_t child_of(const Node& branch, const Key& key) {
        const auto after = std::upper_bound(
            branch.children.begin() + 1, branch.children.end(), key,
            [](const Key& wanted, const Child& child) { return wanted < child.from; });
        return static_cast<std::size_t>(after - branch.children.begin()) - 1;
    }

    static const Node* leaf_of(const Node& root, const Key& key) {
        const Node* node = &root;
        while (!node->is_leaf()) node = node->children[child_of(*node, key)].node.get();
        return node;
    }

    static const Node* first_leaf(const Node* node) {
        while (!node->is_leaf()) node = node->children.front().node.get();
        return node;
    }

    /// The leaf that follows the one where `key` belongs; nullptr: that is the last.
    static const Node* leaf_after(const Node& root, const Key& key) {
        const Node* next = nullptr;
        for (const Node* node = &root; !node->is_leaf();) {
            const std::size_t index = child_of(*node, key);
            if (index + 1 < node->children.size()) next = node->children[index + 1].node.get();
            node = node->children[index].node.get();
        }
        return next != nullptr ? first_leaf(next) : nullptr;
    }

    static std::size_t position_of(const std::vector<Entry>& entries, const Key& key) {
        const auto found = std::lower_bound(
            entries.begin(), entries.end(), key,
            [](const Entry& entry, const Key& wanted) { return entry.first < wanted; });
        return static_cast<std::size_t>(found - entries.begin());
    }

    /// The node, made a copy of its own first when it was not made under this edit.
    static Node& own(Edit& edit, std::shared_ptr<Node>& node) {
        if (node->owner != edit.owner())
            node = std::make_shared<Node>(Node{edit.owner(), node->entries, node->children});
        return *node;
    }

    /// Where the node grew too large, its upper half, which is not in it any more.
    std::optional<Child> put(Edit& edit, Node& node, const Key& key, Value&& value) {
        if (node.is_leaf()) return put_entry(edit, node, key, std::move(value));
        const std::size_t index = child_of(node, key);
        auto upper = put(edit, own(edit, node.children[index].node), key, std::move(value));
        if (!upper) return {};
        insert_at(node.children, index + 1, std::move(*upper));
        if (node.children.size() <= node_max) return {};
        auto half = upper_half(node.children);
        const Key from = half.front().from;
        return Child{from, std::make_shared<Node>(Node{edit.owner(), {}, std::move(half)})};
    }

    std::optional<Child> put_entry(Edit& edit, Node& leaf, const Key& key, Value&& value) {
        const std::size_t position = position_of(leaf.entries, key);
        if (position < leaf.entries.size() && !(key < leaf.entries[position].first)) {
            leaf.entries[position].second = std::move(value);
            return {};
        }
        insert_at(leaf.entries, position, Entry(key, std::move(value)));
        ++size_;
        if (leaf.entries.size() <= node_max) return {};
        auto half = upper_half(leaf.entries);
        const Key from = half.front().first;
        return Child{from, std::make_shared<Node>(Node{edit.owner(), std::move(half), {}})};
    }

    /// The entry is there. Nodes that become empty go.
    static void take(Edit& edit, Node& node, const Key& key) {
        if (node.is_leaf()) return remove_at(node.entries, position_of(node.entries, key));
        const std::size_t index = child_of(node, key);
        Node& child = own(edit, node.children[index].node);
        take(edit, child, key);
        if (child.is_empty()) remove_at(node.children, index);
    }

    template <class Item>
    static void insert_at(std::vector<Item>& items, std::size_t index, Item item) {
        items.insert(items.begin() + static_cast<std::ptrdiff_t>(index), std::move(item));
    }

    template <class Item>
    static void remove_at(std::vector<Item>& items, std::size_t index) {
        items.erase(items.begin() + static_cast<std::ptrdiff_t>(index));
    }

    template <class Item>
    static std::vector<Item> upper_half(std::vector<Item>& items) {
        const auto middle = items.begin() + static_cast<std::ptrdiff_t>(items.size() / 2);
        std::vector<Item> half(std::make_move_iterator(middle),
                               std::make_move_iterator(items.end()));
        items.erase(middle, items.end());
        return half;
    }

    std::shared_ptr<Node> root_;
    std::size_t size_ = 0;
};

}  // namespace vdc::model
