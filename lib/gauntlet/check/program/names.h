// The words that the text form uses for small numbers: header settings, key classes, selectors of an operation.
//
// Each list is in the order of its enumeration (program.h, operation.h), so that the position of a word is its number.
#pragma once

#include <span>
#include <string_view>

#include <gauntlet/check/program/program.h>

namespace gauntlet::check {

std::span<const std::string_view> hash_quality_names() noexcept;
std::span<const std::string_view> element_types_names() noexcept;
std::span<const std::string_view> allocator_mode_names() noexcept;
std::span<const std::string_view> key_class_names() noexcept;
std::span<const std::string_view> heap_reuse_names() noexcept;
std::span<const std::string_view> memory_order_mode_names() noexcept;
std::span<const std::string_view> spin_mode_names() noexcept;

// The selectors that `code` takes as its argument, by name; empty when it takes none. The size of the list is the
// number of valid arguments.
std::span<const std::string_view> argument_names(opcode code) noexcept;

// Position of `word` in `names`, or names.size().
std::size_t position_of(std::string_view word, std::span<const std::string_view> names) noexcept;

}  // namespace gauntlet::check
