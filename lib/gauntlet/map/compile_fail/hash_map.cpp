// expect(NO_HASH): this key type has no hash: specialise std::hash or gauntlet::hash for it
// expect(NO_EQUALITY): this key type has no equality: give it an operator==
// expect(WRONG_VALUE_TYPE): the allocator's value_type must be std::pair<const Key, T>
// expect(FANCY_POINTER): the allocator's pointer type must be a plain pointer
//
// What hash_map refuses, with one line that says what is missing; the compiler names the key type beside it.
#include <compare>
#include <cstddef>
#include <memory>

#include <gauntlet/map/hash_map.h>

struct plain {
  int value;
  friend bool operator==(const plain&, const plain&) = default;
};
struct incomparable {
  int value;
};
struct any_hash {
  template <class Key>
  std::size_t operator()(const Key& key) const noexcept {
    return static_cast<std::size_t>(key.value);
  }
};
template <class T>
struct fancy {
  T* at;
};
template <class T>
struct fancy_allocator {
  using value_type = T;
  using pointer = fancy<T>;
  using const_pointer = fancy<const T>;
  using void_pointer = fancy<char>;
  using const_void_pointer = fancy<const char>;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  template <class U>
  struct rebind {
    using other = fancy_allocator<U>;
  };
  fancy_allocator() = default;
  template <class U>
  fancy_allocator(const fancy_allocator<U>&) {}
  pointer allocate(std::size_t);
  void deallocate(pointer, std::size_t);
  friend bool operator==(fancy_allocator, fancy_allocator) { return true; }
};

int main() {
  gauntlet::hash_map<plain, int, any_hash> right;
  right[plain{1}] = 2;
#ifdef NO_HASH
  gauntlet::hash_map<plain, int> wrong;
#endif
#ifdef NO_EQUALITY
  gauntlet::hash_map<incomparable, int, any_hash> wrong;
#endif
#ifdef WRONG_VALUE_TYPE
  gauntlet::hash_map<int, int, gauntlet::hash<int>, std::equal_to<int>, std::allocator<int>> wrong;
#endif
#ifdef FANCY_POINTER
  gauntlet::hash_map<int, int, gauntlet::hash<int>, std::equal_to<int>, fancy_allocator<std::pair<const int, int>>>
      wrong;
#endif
}
