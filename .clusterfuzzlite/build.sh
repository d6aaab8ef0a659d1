#!/bin/bash -eu
# Builds every fuzz target with the flags and the engine of the fuzzing service, with its seed corpus beside it. CXX,
# CXXFLAGS and LIB_FUZZING_ENGINE come from the environment; nothing is added to them.
: "${SRC:=$PWD}" "${WORK:=/tmp/gauntlet-work}" "${OUT:=/tmp/gauntlet-out}"
mkdir -p "$WORK" "$OUT"
cmake -S . -B "$WORK/build" -G Ninja -DGAUNTLET_FUZZING=ON -DGAUNTLET_BUILD_TESTS=OFF
for source in fuzz/*.cpp; do
  target=$(basename "$source" .cpp)
  # The canary fails on purpose, and stress on real threads does not reproduce; a service would file both as bugs.
  case $target in canary | concurrent_stress) continue ;; esac
  cmake --build "$WORK/build" --target "$target"
  cp "$WORK/build/bin/$target" "$OUT/"
  if [ -d "corpus/$target" ]; then
    (cd "corpus/$target" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
  fi
done
