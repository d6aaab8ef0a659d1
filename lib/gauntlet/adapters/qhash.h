// QHash (Qt 5.15) before the judge, by the minimal adapter: copies share their elements until one of them is changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <QtCore/QHash>

namespace gauntlet::adapters {

struct qhash {
  using map_type = QHash<quint64, quint64>;
  static constexpr std::string_view name = "qhash";
  static bool insert(map_type& m, std::uint64_t key, std::uint64_t value) {
    if (m.contains(key)) return false;
    m.insert(key, value);
    return true;
  }
  static std::optional<std::uint64_t> find(const map_type& m, std::uint64_t key) {
    const auto at = m.constFind(key);
    return at == m.constEnd() ? std::nullopt : std::optional<std::uint64_t>(at.value());
  }
  static bool erase(map_type& m, std::uint64_t key) { return m.remove(key) != 0; }
  static std::size_t size(const map_type& m) { return static_cast<std::size_t>(m.size()); }
  static void for_each(const map_type& m, auto show) {
    for (auto at = m.constBegin(); at != m.constEnd(); ++at) show(at.key(), at.value());
  }
};

}  // namespace gauntlet::adapters
