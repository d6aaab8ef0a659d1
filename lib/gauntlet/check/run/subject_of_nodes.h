// Node handles: one node is held between operations, of whichever map it was taken from. Its key may be changed before it
// goes back to a map: then it is the new key that decides. A node that follows another one of the same allocator is assigned
// to its handle, and a handle that was moved from must be empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <gauntlet/check/run/subject_of_class.h>

namespace gauntlet::check {

// Added to the number of an answer: what no map should be able to say.
inline constexpr std::uint64_t still_full = std::uint64_t{1} << 48, foreign_allocator = std::uint64_t{1} << 49,
                               node_withheld = std::uint64_t{1} << 50;

GAUNTLET_SUBJECT_TEMPLATE
template <class Node>
result GAUNTLET_SUBJECT_OF::hold(unsigned target, Node&& fresh) {
  if (fresh.empty()) {
    return {};
  }
  if (node_ && node_arena_ == expected_[target]) {
    *node_ = std::forward<Node>(fresh);
  } else {
    node_.emplace(std::forward<Node>(fresh));
  }
  node_arena_ = expected_[target];
  result answer{.flag = true, .has_value = true, .value = id_of(node_->mapped()), .number = id_of(node_->key())};
  if (!fresh.empty()) {  // NOLINT(bugprone-use-after-move): that is the question
    answer.number += still_full;
  }
  if constexpr (requires { node_->get_allocator().from(); }) {
    if (index_of(node_->get_allocator().from()) != node_arena_) {
      answer.number += foreign_allocator;
    }
  }
  return answer;
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::node_operation(const request& r) {
  if constexpr (has_nodes) {
    map_type& m = *maps_[r.target];
    switch (r.code) {
      case opcode::extract_key: {
        const key_type k = make<key_type>(r.key);
        auto fresh = [&] {
          const faults::region region;
          return m.extract(k);
        }();
        return hold(r.target, std::move(fresh));
      }
      case opcode::extract_iterator: {
        const key_type k = make<key_type>(r.key);
        auto at = m.find(k);
        if (at == m.end()) {
          return {};
        }
        auto fresh = [&] {
          const faults::region region;
          return m.extract(at);
        }();
        return hold(r.target, std::move(fresh));
      }
      case opcode::insert_node:
      case opcode::insert_node_hint: {
        if (node_ && node_arena_ != expected_[r.target]) {
          return left_out();  // undefined by the standard
        }
        typename map_type::node_type none;
        auto& held = node_ ? *node_ : none;
        const bool full = !held.empty();
        if (!adapter::can().failed_hint_keeps_node && r.code == opcode::insert_node_hint && full &&
            m.find(held.key()) != m.end()) {
          return left_out();
        }
        const std::size_t before = m.size();
        const std::uint64_t key = full ? id_of(held.key()) : 0;
        result answer;
        if (r.code == opcode::insert_node) {
          const faults::region region;
          auto inserted = m.insert(std::move(held));
          if (!full && inserted.inserted) {
            answer.flag = true;  // of no element
          } else if (full != (inserted.position != m.end())) {
            answer.number = 8;  // an iterator where there should be none, or the other way round
          } else if (full) {
            answer = seen(inserted.inserted, inserted.position);
            answer.number = id_of(inserted.position->first) == key ? 0 : 8;
          }
          if (!inserted.node.empty()) {
            held = std::move(inserted.node);
          } else if (full && !inserted.inserted) {
            answer.number += node_withheld;  // [unord.req]: the answer has the node that was refused
          }
        } else if constexpr (requires { m.insert(m.begin(), std::move(held))->first; }) {
          const auto hint = full ? hint_for(m, key, held.key()) : m.begin();
          const faults::region region;
          const auto at = m.insert(hint, std::move(held));
          if (full) {
            answer = seen(m.size() != before, at);
            answer.number = id_of(at->first) == key ? 0 : 8;
          }
        } else {
          return unsupported();
        }
        answer.number += held.empty() ? 0u : 1u;
        if (node_ && held.empty()) {
          node_.reset();
        }
        return answer;
      }
      case opcode::change_node_key:
        if constexpr (requires(key_type&& k) { node_->key() = std::move(k); }) {
          if (!node_ || node_->empty()) {
            return {};
          }
          node_->key() = make<key_type>(r.key);
          return {.flag = true, .number = id_of(node_->key())};
        } else {
          return unsupported();
        }
      default:  // drop_node
        node_.reset();
        return {};
    }
  } else {
    return unsupported();
  }
}

}  // namespace gauntlet::check
