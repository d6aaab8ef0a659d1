// Concurrent maps of this project before the judge: what the map's own tables of contracts and of progress say, in the
// judge's words.
#pragma once

#include <cstddef>

#include <gauntlet/check/run/concurrent_subject.h>
#include <gauntlet/map/consistency.h>
#include <gauntlet/map/progress.h>

namespace gauntlet::adapters {

constexpr check::contract contract_in_words(consistency word) {
  switch (word) {
    case consistency::linearizable:
      return check::contract::linearizable;
    case consistency::weak:
      return check::contract::weak;
    case consistency::quiescent:
      return check::contract::quiescent;
  }
  return check::contract::unsupported;
}

constexpr check::progress progress_in_words(progress_guarantee word) {
  switch (word) {
    case progress_guarantee::blocking:
      return check::progress::blocking;
    case progress_guarantee::obstruction_free:
      return check::progress::obstruction_free;
    case progress_guarantee::lock_free:
      return check::progress::lock_free;
    case progress_guarantee::wait_free:
      return check::progress::wait_free;
  }
  return check::progress::blocking;
}

// Map has `contracts`, an operation_contracts, and may have `progress`, an operation_progress. What they say holds by the
// order of time, unless `ordered_by_happens_before` says that it holds where threads have synchronised.
template <class Map>
struct concurrent_map {
  using map_type = Map;
  static constexpr check::precedence order =
      requires { Map::ordered_by_happens_before; } ? check::precedence::happens_before : check::precedence::real_time;

  // A map here that hands out handles gives their type a name, and promises that they never change.
  static constexpr bool snapshots_are_held = requires { typename Map::snapshot_type; };

  // A first table for each of up to four shards of both maps, and what waits for the next writer.
  static constexpr std::size_t slack_when_empty = 4096;

  // Every map here says so in its promises: an operation on one key that throws has changed nothing.
  static constexpr check::failure_promise on_failure = check::failure_promise::strong;

  static constexpr check::contract contract_of(check::opcode code) {
    using check::opcode;
    constexpr operation_contracts table = Map::contracts;
    switch (code) {
      case opcode::find:
        return contract_in_words(table.find);
      case opcode::contains:
        return contract_in_words(table.contains);
      case opcode::insert_copy:
        return contract_in_words(table.insert);
      case opcode::try_emplace:
        return contract_in_words(table.try_emplace);
      case opcode::insert_or_assign:
        return contract_in_words(table.insert_or_assign);
      case opcode::erase_key:
        return contract_in_words(table.erase);
      case opcode::extract_key:
        return contract_in_words(table.extract);
      case opcode::compare_exchange:
      case opcode::compare_erase:
        return contract_in_words(table.compare_exchange);
      case opcode::update:
      case opcode::fetch_update:
      case opcode::upsert:
        return contract_in_words(table.update);
      case opcode::size:
        return contract_in_words(table.size);
      case opcode::clear:
        return contract_in_words(table.clear);
      case opcode::erase_if:
        return contract_in_words(table.erase_if);
      case opcode::walk:
        return contract_in_words(table.for_each);
      case opcode::snapshot:
        return contract_in_words(table.snapshot);
      case opcode::copy_construct:
        return contract_in_words(table.copy);
      case opcode::copy_assign:
        return contract_in_words(table.assign);
      case opcode::swap:
        return contract_in_words(table.swap);
      case opcode::equal:
        return contract_in_words(table.equal);
      case opcode::merge:
        return contract_in_words(table.merge);
      case opcode::reserve:  // beside everything, in the maps that have it
        return check::contract::linearizable;
      case opcode::shrink_to_fit:
        return check::contract::quiescent;
      default:
        return check::contract::unsupported;
    }
  }

  static constexpr check::progress progress_of(check::opcode code) {
    using check::opcode;
    constexpr operation_progress table = progress_table();
    switch (code) {
      case opcode::find:
        return progress_in_words(table.find);
      case opcode::contains:
        return progress_in_words(table.contains);
      case opcode::insert_copy:
        return progress_in_words(table.insert);
      case opcode::try_emplace:
        return progress_in_words(table.try_emplace);
      case opcode::insert_or_assign:
        return progress_in_words(table.insert_or_assign);
      case opcode::erase_key:
        return progress_in_words(table.erase);
      case opcode::extract_key:
        return progress_in_words(table.extract);
      case opcode::compare_exchange:
      case opcode::compare_erase:
        return progress_in_words(table.compare_exchange);
      case opcode::update:
      case opcode::fetch_update:
      case opcode::upsert:
        return progress_in_words(table.update);
      case opcode::size:
        return progress_in_words(table.size);
      case opcode::walk:
        return progress_in_words(table.for_each);
      case opcode::snapshot:
        return progress_in_words(table.snapshot);
      default:
        return check::progress::blocking;
    }
  }

 private:
  static constexpr operation_progress progress_table() {
    if constexpr (requires { Map::progress; }) return Map::progress;
    return {};
  }
};

}  // namespace gauntlet::adapters
