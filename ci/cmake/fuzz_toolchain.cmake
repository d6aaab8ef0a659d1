# Compiler and flags of the fuzz preset, unless CXX and CXXFLAGS of the environment say otherwise: a fuzzing service sets
# both, and a sanitizer of ours added to its own would make a build that mixes two.
if("$ENV{CXX}" STREQUAL "")
  set(CMAKE_CXX_COMPILER "clang++-19")
endif()
if("$ENV{CXXFLAGS}" STREQUAL "")
  set(CMAKE_CXX_FLAGS_INIT "${GAUNTLET_FUZZ_FLAGS}")
endif()
