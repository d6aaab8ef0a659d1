#include <gauntlet/check/linear/brute_force.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace gauntlet::check {
namespace {

using plain_map = std::map<std::uint64_t, std::uint64_t>;

struct atom {
  std::size_t event = 0;
  enum : unsigned char { whole, visit, size_call, empty_call } part = whole;
  std::uint64_t key = 0;  // of a visit
};

struct world {
  plain_map maps[history_map_count];
  std::map<std::size_t, std::uint64_t> counted;  // by event: keys that a weak operation has counted so far
  std::map<std::size_t, std::uint64_t> met;      // by event: keys that a weak empty() has met so far
  friend auto operator<=>(const world&, const world&) = default;
};

class every_order {
 public:
  every_order(const history& h, const contract_table& contracts, precedence order)
      : history_(h), contracts_(contracts), order_(order) {}

  judgement run() {
    std::set<std::uint64_t> keys;
    world start;
    for (unsigned map = 0; map < history_map_count; ++map) {
      for (const element& e : history_.initial[map]) start.maps[map].insert(e);
    }
    for (const auto& elements : history_.initial) {
      for (const element& e : elements) keys.insert(e.first);
    }
    for (const event& e : history_.events) {
      if (reach_of(e.asked.code) == reach::one_key) keys.insert(e.asked.key);
      for (const element& shown : e.shown) keys.insert(shown.first);
    }
    for (std::size_t i = 0; i < history_.events.size(); ++i) {
      if (!take_apart(i, keys)) return judgement::undecided;
    }
    if (shown_twice_) return judgement::wrong;
    done_.assign(atoms_.size(), false);
    return try_from(start) ? judgement::right : judgement::wrong;
  }

 private:
  const event& of(const atom& a) const { return history_.events[a.event]; }

  bool comes_before(std::size_t i, std::size_t j) const {
    if (order_ == precedence::happens_before) return happens_before(history_, i, j);
    return history_.events[i].returned < history_.events[j].called;
  }

  bool beside_others(std::size_t i) const {
    for (std::size_t j = 0; j < history_.events.size(); ++j) {
      if (i != j && !comes_before(i, j) && !comes_before(j, i)) return true;
    }
    return false;
  }

  bool take_apart(std::size_t i, const std::set<std::uint64_t>& keys) {
    const event& e = history_.events[i];
    const opcode code = e.asked.code;
    contract promise = contracts_[code];
    if (e.pending() && only_reads(code)) return true;
    if (promise == contract::weak && reach_of(code) == reach::two_maps) promise = contract::quiescent;
    if (promise == contract::quiescent) {
      if (beside_others(i)) return only_reads(code);
      promise = contract::linearizable;
    }
    std::set<std::uint64_t> shown;
    for (const element& s : e.shown) shown_twice_ = !shown.insert(s.first).second || shown_twice_;

    if (promise == contract::linearizable || reach_of(code) == reach::one_key) {
      if (code == opcode::size) {
        atoms_.push_back({i, atom::size_call, 0});
        atoms_.push_back({i, atom::empty_call, 0});
      } else {
        atoms_.push_back({i, atom::whole, 0});
      }
      return true;
    }
    for (const std::uint64_t key : keys) {
      if (code == opcode::size) {
        atoms_.push_back({i, atom::size_call, key});
        atoms_.push_back({i, atom::empty_call, key});
      } else {
        atoms_.push_back({i, atom::visit, key});
      }
    }
    return true;
  }

  // Is nothing undone that comes before this atom's event?
  bool may_come_next(const atom& a) const {
    for (std::size_t i = 0; i < atoms_.size(); ++i) {
      if (!done_[i] && comes_before(atoms_[i].event, a.event)) return false;
    }
    return true;
  }

  // Where the same atoms have led to the same world, the rest is the same: tried once.
  bool try_from(const world& w) {
    if (!tried_.insert({done_, w}).second) return false;
    bool all_done = true;
    for (std::size_t i = 0; i < atoms_.size(); ++i) all_done = all_done && (done_[i] || of(atoms_[i]).pending());
    if (all_done && counts_agree(w)) return true;
    for (std::size_t i = 0; i < atoms_.size(); ++i) {
      if (done_[i] || !may_come_next(atoms_[i])) continue;
      world next = w;
      if (!happen(atoms_[i], next)) continue;
      done_[i] = true;
      const bool explained = try_from(next);
      done_[i] = false;
      if (explained) return true;
    }
    return false;
  }

  bool weak(const event& e) const { return contracts_[e.asked.code] == contract::weak; }

  bool counts_agree(const world& w) const {
    const auto of_event = [](const std::map<std::size_t, std::uint64_t>& counts, std::size_t i) {
      const auto found = counts.find(i);
      return found == counts.end() ? 0 : found->second;
    };
    for (std::size_t i = 0; i < history_.events.size(); ++i) {
      const event& e = history_.events[i];
      if (e.pending() || !weak(e)) continue;
      if (e.asked.code == opcode::erase_if && of_event(w.counted, i) != e.answer.number) return false;
      if (e.asked.code == opcode::size) {
        if (of_event(w.counted, i) != e.answer.number) return false;
        if ((of_event(w.met, i) == 0) != e.answer.flag) return false;
      }
    }
    return true;
  }

  static bool chosen(const event& e, const element& x) {
    switch (e.asked.argument) {
      case 0:
        return x.second % 2 == 0;
      case 1:
        return x.first % 2 == 0;
      case 2:
        return x.second < e.asked.value;
      default:
        return e.asked.argument == 3;
    }
  }

  bool happen(const atom& a, world& w) const {
    const event& e = of(a);
    plain_map& map = w.maps[e.asked.target];
    switch (a.part) {
      case atom::visit:
        return visit(e, a, w);
      case atom::size_call:
        if (!weak(e)) return map.size() == e.answer.number;
        w.counted[a.event] += map.count(a.key);
        return true;
      case atom::empty_call:
        if (!weak(e)) return map.empty() == e.answer.flag;
        w.met[a.event] += map.count(a.key);
        return true;
      case atom::whole:
        return e.pending() ? (apply(e, w), true) : apply(e, w);
    }
    return false;
  }

  bool visit(const event& e, const atom& a, world& w) const {
    plain_map& map = w.maps[e.asked.target];
    const auto found = map.find(a.key);
    if (reach_of(e.asked.code) == reach::elements) {
      const auto shown =
          std::find_if(e.shown.begin(), e.shown.end(), [&](const element& x) { return x.first == a.key; });
      if (found == map.end() || shown == e.shown.end()) return found == map.end() && shown == e.shown.end();
      return found->second == shown->second;
    }
    if (found != map.end() && (e.asked.code == opcode::clear || chosen(e, *found))) {
      map.erase(found);
      ++w.counted[a.event];
    }
    return true;
  }

  // Does the operation on the maps; was the answer right?
  static bool apply(const event& e, world& w) {
    plain_map& map = w.maps[e.asked.target];
    plain_map& other = w.maps[e.asked.other];
    const std::uint64_t key = e.asked.key, value = e.asked.value;
    const auto found = map.find(key);
    const bool there = found != map.end();
    const bool flag = e.answer.flag;
    const auto saw = [&e](std::uint64_t v) { return !e.answer.has_value || e.answer.value == v; };
    switch (e.asked.code) {
      case opcode::find:
      case opcode::contains:
        return flag == there && (!there || saw(found->second));
      case opcode::insert_copy:
      case opcode::try_emplace: {
        const std::uint64_t held = map.emplace(key, value).first->second;
        return flag == !there && saw(held);
      }
      case opcode::insert_or_assign:
        map[key] = value;
        return flag == !there && saw(value);
      case opcode::erase_key:
      case opcode::extract_key: {
        const bool right = flag == there && (!there || saw(found->second));
        map.erase(key);
        return right;
      }
      case opcode::compare_exchange: {
        const bool equal = there && found->second == value;
        if (equal) found->second = value + 1;
        return flag == equal;
      }
      case opcode::fetch_update: {
        if (!there) return !flag;
        const std::uint64_t old = found->second;
        found->second += value;
        return flag && saw(old);
      }
      case opcode::update:
        if (there) found->second = value;
        return flag == there;
      case opcode::upsert:
        return saw(map[key] += value) && flag == !there;
      case opcode::compare_erase: {
        const bool equal = there && found->second == value;
        if (equal) map.erase(found);
        return flag == equal;
      }
      case opcode::clear:
        map.clear();
        return true;
      case opcode::erase_if:
        return std::erase_if(map, [&](const element& x) { return chosen(e, x); }) == e.answer.number;
      case opcode::walk:
      case opcode::snapshot:
      case opcode::copy_construct:
        return plain_map(e.shown.begin(), e.shown.end()) == map;
      case opcode::equal:
        return (map == other) == flag;
      case opcode::swap:
        map.swap(other);
        return true;
      case opcode::copy_assign:
        map = other;
        return true;
      case opcode::merge:
        map.merge(other);
        return true;
      default:
        return false;
    }
  }

  const history& history_;
  const contract_table& contracts_;
  precedence order_;
  std::vector<atom> atoms_;
  std::vector<bool> done_;
  std::set<std::pair<std::vector<bool>, world>> tried_;
  bool shown_twice_ = false;
};

}  // namespace

judgement brute_force(const history& h, const contract_table& contracts, precedence order) {
  return every_order(h, contracts, order).run();
}

}  // namespace gauntlet::check
