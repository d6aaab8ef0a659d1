#include <gauntlet/check/linear/random_history.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include <gauntlet/check/linear/cell.h>

namespace gauntlet::check {

namespace {

using plain_map = std::map<std::uint64_t, std::uint64_t>;

constexpr opcode points[] = {opcode::find,        opcode::contains,         opcode::insert_copy,
                             opcode::try_emplace, opcode::insert_or_assign, opcode::erase_key,
                             opcode::extract_key, opcode::compare_exchange, opcode::fetch_update,
                             opcode::update,      opcode::upsert,           opcode::compare_erase};
constexpr std::size_t reads = 2;  // the first ones
constexpr opcode wholes[] = {opcode::size,  opcode::clear, opcode::erase_if,    opcode::snapshot, opcode::walk,
                             opcode::equal, opcode::swap,  opcode::copy_assign, opcode::merge};
constexpr std::size_t on_one_map = 5;  // the first ones

opcode random_point(random_source& random, point_mix mix) {
  if (mix == point_mix::updates) return points[reads + random.below(std::size(points) - reads)];
  if (mix == point_mix::finds && random.chance(80)) return opcode::find;
  if (mix == point_mix::half && random.chance(50)) return opcode::find;
  return points[random.below(std::size(points))];
}

request random_request(random_source& random, const history_shape& shape) {
  request r;
  const bool whole = shape.reach != whole_maps::none && random.chance(25);
  r.code = whole ? wholes[random.below(shape.reach == whole_maps::two ? std::size(wholes) : on_one_map)]
                 : random_point(random, shape.mix);
  if (random.chance(15)) r.target = 1;
  if (reach_of(r.code) == reach::two_maps) r.other = 1 - r.target;
  if (reach_of(r.code) == reach::one_key) {
    r.key = random.below(shape.keys);
    r.value = 1 + random.below(3);
  }
  if (r.code == opcode::erase_if) {
    r.argument = static_cast<unsigned>(random.below(5));
    r.value = random.below(4);
  }
  return r;
}

void take_effect(event& e, plain_map* maps) {
  auto& map = maps[e.asked.target];
  auto& other = maps[e.asked.other];
  const auto found = map.find(e.asked.key);
  const bool there = found != map.end();
  const auto see = [&](std::uint64_t v) { e.answer.has_value = true, e.answer.value = v; };
  e.answer.flag = there;
  switch (e.asked.code) {
    case opcode::find:
      if (there) see(found->second);
      break;
    case opcode::insert_copy:
    case opcode::try_emplace:
      e.answer.flag = !there;
      see(map.emplace(e.asked.key, e.asked.value).first->second);
      break;
    case opcode::insert_or_assign:
      e.answer.flag = !there;
      map[e.asked.key] = e.asked.value;
      break;
    case opcode::extract_key:
      if (there) see(found->second);
      map.erase(e.asked.key);
      break;
    case opcode::erase_key:
      map.erase(e.asked.key);
      break;
    case opcode::compare_exchange:
      e.answer.flag = there && found->second == e.asked.value;
      if (e.answer.flag) ++found->second;
      break;
    case opcode::fetch_update:
      if (there) see(found->second), found->second += e.asked.value;
      break;
    case opcode::update:
      if (there) found->second = e.asked.value;
      break;
    case opcode::upsert:
      e.answer.flag = !there;
      see(map[e.asked.key] += e.asked.value);
      break;
    case opcode::compare_erase:
      e.answer.flag = there && found->second == e.asked.value;
      if (e.answer.flag) map.erase(found);
      break;
    case opcode::size:
      e.answer.number = map.size();
      e.answer.flag = map.empty();
      break;
    case opcode::clear:
      e.answer.flag = false;
      map.clear();
      break;
    case opcode::erase_if:
      e.answer.flag = false;
      e.answer.number = std::erase_if(map, [&e](const element& x) {
        return predicate_chooses(e.asked.argument, e.asked.value, x.first, x.second);
      });
      break;
    case opcode::snapshot:
    case opcode::walk:
      e.answer.flag = false;
      e.shown.assign(map.begin(), map.end());
      break;
    case opcode::equal:
      e.answer.flag = map == other;
      break;
    case opcode::swap:
      e.answer.flag = false;
      map.swap(other);
      break;
    case opcode::copy_assign:
      e.answer.flag = false;
      map = other;
      break;
    case opcode::merge:
      e.answer.flag = false;
      map.merge(other);
      break;
    default:
      break;
  }
}

}  // namespace

history random_history(random_source& random, const history_shape& shape) {
  history h;
  plain_map maps[history_map_count];
  for (std::uint64_t key = 0; key < shape.keys; ++key) {
    if (random.chance(40)) maps[random.below(history_map_count)][key] = 1 + random.below(3);
  }
  for (unsigned map = 0; map < history_map_count; ++map) h.initial[map].assign(maps[map].begin(), maps[map].end());

  enum class phase : std::uint8_t { idle, called, acted };
  std::vector<phase> phases(shape.lanes, phase::idle);
  std::vector<event> current(shape.lanes);
  std::size_t begun = 0;
  stamp now = 1;
  h.events.reserve(shape.events);
  while (h.events.size() < shape.events) {
    const auto lane = static_cast<unsigned>(random.below(shape.lanes));
    event& e = current[lane];
    switch (phases[lane]) {
      case phase::idle:
        if (begun == shape.events) break;
        ++begun;
        e = event{};
        e.asked = random_request(random, shape);
        e.where = lane + 1;
        e.called = now++;
        phases[lane] = phase::called;
        break;
      case phase::called:
        take_effect(e, maps);
        phases[lane] = phase::acted;
        break;
      case phase::acted:
        e.returned = now++;
        h.events.push_back(std::move(e));
        phases[lane] = phase::idle;
        break;
    }
  }
  for (unsigned map = 0; shape.with_contents && map < history_map_count; ++map) {
    event contents;
    contents.asked.code = opcode::snapshot;
    contents.asked.target = map;
    contents.called = now++;
    contents.shown.assign(maps[map].begin(), maps[map].end());
    contents.returned = now++;
    h.events.push_back(std::move(contents));
  }
  return h;
}

void corrupt(history& h, random_source& random) {
  event& e = h.events[random.below(h.events.size())];
  switch (reach_of(e.asked.code)) {
    case reach::one_key:
      if (e.answer.has_value && random.chance(60)) {
        e.answer.value = 1 + e.answer.value % 3;
      } else if (e.asked.code == opcode::find || e.asked.code == opcode::extract_key ||
                 e.asked.code == opcode::fetch_update) {
        e.answer.flag = e.answer.has_value = !e.answer.flag;
        e.answer.value = e.answer.flag ? 1 + random.below(3) : 0;
      } else {
        e.answer.flag = !e.answer.flag;
      }
      break;
    case reach::elements:
      if (!e.shown.empty() && random.chance(50)) {
        e.shown.pop_back();
      } else {
        e.shown.push_back({random.below(3), 1 + random.below(3)});
      }
      break;
    default:
      if (e.asked.code == opcode::equal) e.answer.flag = !e.answer.flag;
      if (e.asked.code == opcode::size || e.asked.code == opcode::erase_if) e.answer.number += random.below(2) * 2 - 1;
      break;
  }
  if (random.chance(10)) {
    std::max_element(h.events.begin(), h.events.end(), [](const event& a, const event& b) {
      return a.returned < b.returned;
    })->returned = never;
  }
}

void make_aware(history& h, random_source& random, unsigned percent) {
  struct moment_of_event {
    stamp when;
    std::size_t event;
    bool is_return;
  };
  std::vector<moment_of_event> all;
  unsigned lanes = 1;
  for (std::size_t i = 0; i < h.events.size(); ++i) {
    all.push_back({h.events[i].called, i, false});
    if (!h.events[i].pending()) all.push_back({h.events[i].returned, i, true});
    lanes = std::max(lanes, h.events[i].where + 1);
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.when < b.when; });
  h.aware.assign(h.events.size(), {});
  std::array<moments, awareness_width> known{};
  for (const moment_of_event& m : all) {
    const unsigned lane = h.events[m.event].where;
    ++known[lane][lane];
    if (!m.is_return && random.chance(percent)) {
      const moments& told = known[random.below(lanes)];
      for (unsigned i = 0; i < awareness_width; ++i) known[lane][i] = std::max(known[lane][i], told[i]);
    }
    h.aware[m.event].thread = lane;
    (m.is_return ? h.aware[m.event].returned : h.aware[m.event].called) = known[lane];
  }
}

}  // namespace gauntlet::check
