#include <gauntlet/check/model/world.h>

#include <algorithm>

namespace gauntlet::check {
namespace {

result seen(bool flag, std::uint64_t value) { return {.flag = flag, .has_value = true, .value = value}; }

bool insert(world& w, model_map& m, std::uint64_t key, std::uint64_t value) { return m.insert(key, value, w.births++); }

// All entries of `from` as new elements of `to`, those apart whose key is there.
void insert_all(world& w, model_map& to, const model_map& from, const model_rules& rules) {
  const std::vector<entry>* all = &from.entries();
  std::vector<entry> oldest_first;
  if (rules.keeps_insertion_order) {
    oldest_first = from.oldest_first();
    all = &oldest_first;
  }
  for (const entry& e : *all) {
    insert(w, to, e.key, e.value);
  }
}

// All entries of `from` as new elements of `to`, which had others or none.
void assign(world& w, model_map& to, const model_map& from, const model_rules& rules) {
  if (&to == &from) {
    return;
  }
  to.clear();
  insert_all(w, to, from, rules);
}

result insert_or_keep(world& w, model_map& m, std::uint64_t key, std::uint64_t value, std::uint64_t number) {
  const bool inserted = insert(w, m, key, value);
  result answer = seen(inserted, m.find(key)->value);
  answer.number = number;
  return answer;
}

result insert_or_update(world& w, model_map& m, std::uint64_t key, std::uint64_t value) {
  const bool inserted = insert(w, m, key, value);
  m.update(key, value);
  return seen(inserted, value);
}

// The operations that `count` repeats.
result single(world& w, const request& r, std::uint64_t key, std::uint64_t value) {
  model_map& m = w.maps[r.target];
  switch (r.code) {
    case opcode::insert_or_assign:
    case opcode::insert_or_assign_move:
    case opcode::insert_or_assign_hint:
      return insert_or_update(w, m, key, value);
    case opcode::subscript_assign: {
      result answer = insert_or_update(w, m, key, value);
      answer.flag = false;  // m[k] does not tell
      return answer;
    }
    case opcode::update:
      return m.update(key, value) ? seen(true, value) : result{};
    case opcode::try_emplace:
    case opcode::try_emplace_move:
    case opcode::try_emplace_hint:
      return insert_or_keep(w, m, key, value, 3);
    default:
      return insert_or_keep(w, m, key, value, 0);
  }
}

result extract(world& w, model_map& m, std::uint64_t key) {
  const entry* const at = m.find(key);
  if (at == nullptr) {
    return {};
  }
  w.node = element{at->key, at->value};
  m.erase(key);
  result answer = seen(true, w.node->second);
  answer.number = key;
  return answer;
}

result insert_node(world& w, model_map& m) {
  if (!w.node) {
    return {};
  }
  const auto [key, value] = *w.node;
  const bool inserted = insert(w, m, key, value);
  if (inserted) {
    w.node.reset();
  }
  result answer = seen(inserted, m.find(key)->value);
  answer.number = inserted ? 0 : 1;
  return answer;
}

void merge(world& w, model_map& to, model_map& from, const model_rules& rules) {
  if (&to == &from) {
    return;
  }
  const std::uint64_t before = w.births;
  insert_all(w, to, from, rules);
  from.erase_if([&](const entry& e) { return to.find(e.key)->birth >= before; });
}

}  // namespace

result step(world& w, const request& r, const model_rules& rules) {
  model_map& m = w.maps[r.target];
  model_map& o = w.maps[r.other];
  const auto sizes = [&](bool both) {
    return result{.value = both ? std::uint64_t{o.size()} : 0, .number = std::uint64_t{m.size()}};
  };
  switch (r.code) {
    case opcode::nothing:
    case opcode::max_load_factor:
      return {};
    case opcode::find: {
      const entry* const at = m.find(r.key);
      return at == nullptr ? result{} : seen(true, at->value);
    }
    case opcode::contains:
      return {.flag = m.find(r.key) != nullptr};
    case opcode::count:
      return {.number = m.find(r.key) != nullptr ? 1u : 0u};
    case opcode::at: {
      const entry* const at = m.find(r.key);
      return at == nullptr ? result{.status = outcome::out_of_range} : seen(true, at->value);
    }
    case opcode::equal_range: {
      const entry* const at = m.find(r.key);
      result answer = at == nullptr ? result{} : seen(true, at->value);
      answer.number = at == nullptr ? 0 : 1;
      return answer;
    }
    case opcode::subscript_read: {
      result answer = insert_or_keep(w, m, r.key, 0, 0);
      answer.flag = false;
      answer.number = m.size();
      return answer;
    }
    case opcode::size:
      return {.flag = m.empty(), .number = m.size()};
    case opcode::equal: {
      const bool same = m == o;
      return {.flag = same, .number = same ? 3u : 4u};
    }
    case opcode::insert_copy:
    case opcode::insert_move:
    case opcode::insert_hint:
    case opcode::emplace:
    case opcode::emplace_hint:
    case opcode::try_emplace:
    case opcode::try_emplace_move:
    case opcode::try_emplace_hint:
    case opcode::insert_or_assign:
    case opcode::insert_or_assign_move:
    case opcode::insert_or_assign_hint:
    case opcode::subscript_assign:
    case opcode::update: {
      if (r.count <= 1) {
        return single(w, r, r.key, r.value);
      }
      result all;
      for (unsigned i = 0; i < r.count; ++i) {
        fold(all, single(w, r, r.key + i, r.value + i));
      }
      return all;
    }
    case opcode::insert_list:
    case opcode::assign_list:
      if (r.code == opcode::assign_list) {
        m.clear();
      }
      for (unsigned i = 0; i < list_size(r); ++i) {
        const auto [key, value] = list_element(r, i);
        insert(w, m, key, value);
      }
      return sizes(false);
    case opcode::insert_range:
    case opcode::construct_range:
      if (r.code == opcode::construct_range) {
        m.clear();
      }
      for (unsigned i = 0; i < r.count; ++i) {
        const auto [key, value] = range_element(r, i);
        insert(w, m, key, value);
      }
      return sizes(false);
    case opcode::erase_key:
      return {.number = m.erase(r.key) ? 1u : 0u};
    case opcode::erase_iterator: {
      const bool erased = m.erase(r.key);
      return {.flag = erased, .number = erased ? 1u : 0u};
    }
    case opcode::erase_if: {
      if (predicate_throws(r) && m.size() > r.value) {
        return {.status = outcome::injected};
      }
      return {.number = m.erase_if([&](const entry& e) { return predicate_holds(r, e.key, e.value); })};
    }
    case opcode::clear:
    case opcode::default_construct:
      m.clear();
      return sizes(false);
    case opcode::reserve:
    case opcode::rehash:
      return {.status = is_absurd(r) ? outcome::length_error : outcome::done, .number = m.size()};
    case opcode::shrink_to_fit:
    case opcode::self_copy_assign:
    case opcode::self_swap:
    case opcode::self_merge:
      return sizes(false);
    case opcode::copy_construct:
    case opcode::copy_assign:
      assign(w, m, o, rules);
      return sizes(true);
    case opcode::move_construct:
      if (r.target != r.other) {
        assign(w, m, o, rules);
        o.clear();
      }
      return sizes(true);
    case opcode::move_assign:
    case opcode::self_move_assign:
      if (r.code == opcode::move_assign && r.target != r.other) {
        assign(w, m, o, rules);
        o.clear();
      } else if (!rules.self_move_keeps) {
        m.clear();
      }
      return sizes(r.code == opcode::move_assign);
    case opcode::swap:
      m.swap(o);
      return sizes(true);
    case opcode::merge:
      merge(w, m, o, rules);
      return sizes(true);
    case opcode::extract_key:
    case opcode::extract_iterator:
      return extract(w, m, r.key);
    case opcode::insert_node:
    case opcode::insert_node_hint:
      return insert_node(w, m);
    case opcode::drop_node:
      w.node.reset();
      return {};
    case opcode::compare_exchange: {
      const entry* const at = m.find(r.key);
      if (at == nullptr) {
        return {};
      }
      const bool exchange = at->value == r.value;
      if (exchange) {
        m.update(r.key, r.value + 1);
      }
      return seen(exchange, m.find(r.key)->value);
    }
    case opcode::fetch_update: {
      const entry* const at = m.find(r.key);
      if (at == nullptr) {
        return {};
      }
      const std::uint64_t before = at->value;
      m.update(r.key, before + r.value);
      return seen(true, before);
    }
    case opcode::look_by_view:
    case opcode::change_by_view:
      return step(w, by_key(r), rules);
    case opcode::find_many: {
      result all;
      for (unsigned i = 0; i < r.count; ++i) {
        const entry* const at = m.find(r.key + i);
        fold(all, at == nullptr ? result{} : seen(true, at->value));
      }
      return all;
    }
    case opcode::change_node_key:
      if (!w.node) {
        return {};
      }
      w.node->first = r.key;
      return {.flag = true, .number = r.key};
    case opcode::fill_reserved:
      m.insert_run(r.key, r.value, r.count, w.births);
      return sizes(false);
    case opcode::misuse:
      return {.status = outcome::misuse};
    case opcode::erase_range:
    case opcode::walk:
    case opcode::iterate:
    case opcode::stop:
    case opcode::fault:
    case opcode::snapshot:
    case opcode::upsert:
    case opcode::compare_erase:
      break;
  }
  return {.status = outcome::unsupported};
}

const char* erase_listed(world& w, const request& r, const std::vector<element>& erased, result& expected) {
  model_map& m = w.maps[r.target];
  const std::size_t due = std::min<std::size_t>(r.count, m.size() - range_begin(r, m.size()));
  for (const element& e : erased) {
    const entry* const at = m.find(e.first);
    if (at == nullptr) {
      return "an iterator showed an element that is not there";
    }
    if (at->value != e.second) {
      return "an iterator showed a value that is not current";
    }
    m.erase(e.first);
  }
  expected = {.flag = true, .number = due};
  return nullptr;
}

}  // namespace gauntlet::check
