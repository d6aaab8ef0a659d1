// Misuse is staged on a map made for it, with a handful of elements, since a map that was misused is only good for
// being destroyed. The answer is `misuse` when the map said so and `done` when it did not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <gauntlet/check/run/subject_of_class.h>

namespace gauntlet::check {

GAUNTLET_SUBJECT_TEMPLATE
template <class Act>
result GAUNTLET_SUBJECT_OF::stage(Act&& act) {
  result answer;
  alignas(map_type) std::byte bytes[sizeof(map_type)];
  map_type* const m = construct(bytes, 0);
  for (std::uint64_t i = 0; i < 4; ++i) {
    m->emplace(make<key_type>(i), make<mapped_type>(i));
  }
  {
    [[maybe_unused]] const typename adapter::misuse_guard guard;
    try {
      act(*m);
    } catch (const diagnosed_misuse&) {
      answer.status = outcome::misuse;
    }
  }
  functors_.in_hash = nullptr;
  functors_.in_equality = nullptr;
  functors_.context = nullptr;
  m->~map_type();
  return answer;
}

GAUNTLET_SUBJECT_TEMPLATE
result GAUNTLET_SUBJECT_OF::misuse(const request& r) {
  if constexpr (requires { typename adapter::misuse_guard; } && adapter::can().diagnoses_misuse) {
    constexpr auto write = [](void* context) {
      static_cast<map_type*>(context)->emplace(make<key_type>(1000), make<mapped_type>(1));
    };
    switch (static_cast<misuse_act>(r.argument % misuse_act_count)) {
      case misuse_act::stale_iterator:
        return stage([](map_type& m) {
          const auto at = m.begin();
          // Growth, and few elements: under a hash that collides, many would cost their square.
          if constexpr (requires { m.reserve(m.bucket_count()); }) m.reserve(2 * (m.bucket_count() + 64));
          for (std::uint64_t i = 0; i < 64; ++i) {
            m.emplace(make<key_type>(100 + i), make<mapped_type>(i));
          }
          static_cast<void>(id_of(at->second));
        });
      case misuse_act::erased_iterator:
        return stage([&](map_type& m) {
          const auto at = m.begin();
          m.erase(make<key_type>(id_of(at->first)));
          switch (r.key % 3) {
            case 0:
              return static_cast<void>(id_of(at->second));
            case 1:
              return static_cast<void>(id_of((*at).second));
            default:
              return static_cast<void>(m.erase(at));
          }
        });
      case misuse_act::cursor_of_moved_map:
        if constexpr (requires(map_type& m) { m.walk(); }) {
          return stage([](map_type& m) {
            auto cursor = m.walk();
            const map_type taken(std::move(m));
            cursor.next();
          });
        } else {
          return unsupported();
        }
      case misuse_act::dereference_end:
        return stage([](map_type& m) { static_cast<void>(id_of(m.end()->second)); });
      case misuse_act::write_in_hash:
        return stage([&](map_type& m) {
          functors_.context = &m;
          functors_.in_hash = +write;
          key_type key = make<key_type>(50);
          mapped_type value = make<mapped_type>(50);
          switch (r.key % 6) {
            case 0:
              return static_cast<void>(m.emplace(std::move(key), std::move(value)));
            case 1:
              return static_cast<void>(m.insert(value_type(std::move(key), std::move(value))));
            case 2:
              return static_cast<void>(m.insert_or_assign(std::move(key), std::move(value)));
            case 3:
              return static_cast<void>(m.try_emplace(std::move(key), std::move(value)));
            case 4:
              return static_cast<void>(m.erase(key));
            default:
              return static_cast<void>(m.extract(key));
          }
        });
      case misuse_act::write_in_equality:
        return stage([&](map_type& m) {
          functors_.context = &m;
          functors_.in_equality = +write;
          m.emplace(make<key_type>(1), make<mapped_type>(50));
        });
      case misuse_act::write_in_predicate:
        return stage([&](map_type& m) {
          using std::erase_if;
          erase_if(m, [&](const auto&) {
            write(&m);
            return false;
          });
        });
    }
  }
  return unsupported();
}

}  // namespace gauntlet::check
