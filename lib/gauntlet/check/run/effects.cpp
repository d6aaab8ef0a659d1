#include <gauntlet/check/run/effects.h>

namespace gauntlet::check {

effects effects_of(opcode code) noexcept {
  switch (code) {
    case opcode::nothing:
    case opcode::find:
    case opcode::contains:
    case opcode::count:
    case opcode::at:
    case opcode::equal_range:
    case opcode::look_by_view:
    case opcode::find_many:
    case opcode::size:
    case opcode::drop_node:
    case opcode::change_node_key:
    case opcode::walk:
    case opcode::iterate:
    case opcode::stop:
    case opcode::fault:
    case opcode::misuse:
    case opcode::upsert:  // among threads alone
    case opcode::compare_erase:
      return {};
    case opcode::equal:
    case opcode::snapshot:
      return {.touches_all = true};
    case opcode::update:
    case opcode::compare_exchange:
    case opcode::fetch_update:
      return {.on_target = effect::update};
    case opcode::subscript_read:
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
    case opcode::insert_node:
    case opcode::insert_node_hint:
    case opcode::change_by_view:
      return {.on_target = effect::mutate, .inserts = true};
    case opcode::insert_range:
    case opcode::insert_list:
      return {.on_target = effect::mutate, .promises = guarantee::basic, .inserts = true};
    case opcode::fill_reserved:
      return {.on_target = effect::mutate, .promises = guarantee::basic, .inserts = true, .touches_all = true};
    case opcode::erase_key:
    case opcode::erase_iterator:
    case opcode::extract_key:
    case opcode::extract_iterator:
      return {.on_target = effect::mutate, .erases = true};
    case opcode::erase_range:
      return {.on_target = effect::mutate, .promises = guarantee::basic, .erases = true};
    case opcode::erase_if:
      return {.on_target = effect::mutate, .promises = guarantee::basic, .touches_all = true};
    case opcode::clear:
    case opcode::reserve:
    case opcode::rehash:
    case opcode::max_load_factor:
    case opcode::shrink_to_fit:
      return {.on_target = effect::mutate, .touches_all = true};
    case opcode::assign_list:
    case opcode::self_copy_assign:
    case opcode::self_move_assign:
      return {.on_target = effect::replace, .promises = guarantee::basic, .touches_all = true};
    case opcode::default_construct:
    case opcode::construct_range:
    case opcode::copy_construct:
    case opcode::self_swap:
      return {.on_target = effect::replace, .touches_all = true};
    case opcode::copy_assign:
      return {.on_target = effect::replace, .promises = guarantee::basic, .touches_all = true};
    case opcode::move_construct:
    case opcode::swap:
      return {.on_target = effect::replace, .on_other = effect::replace, .touches_all = true};
    case opcode::move_assign:
      return {
          .on_target = effect::replace, .on_other = effect::replace, .promises = guarantee::basic, .touches_all = true};
    case opcode::merge:
      return {
          .on_target = effect::mutate, .on_other = effect::mutate, .promises = guarantee::basic, .touches_all = true};
    case opcode::self_merge:
      return {.on_target = effect::mutate, .promises = guarantee::basic, .touches_all = true};
  }
  return {};
}

}  // namespace gauntlet::check
