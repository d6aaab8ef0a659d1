# Helper functions of this build: gathering sources, tests beside headers, fuzz targets.
include(CheckLinkerFlag)
include(GoogleTest)
include(${CMAKE_CURRENT_LIST_DIR}/split_by_threads.cmake)

# Warnings are a matter of this project's own sources: private to them, never passed on to a consumer.
add_library(gauntlet_warnings INTERFACE)
target_compile_options(gauntlet_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety;-Wno-deprecated-declarations>
  $<$<BOOL:${GAUNTLET_WARNINGS_AS_ERRORS}>:-Werror>)
# clang 19 reports libstdc++ 12's own use of get_temporary_buffer (in stable_sort) as deprecated.
# g++ 12 sees out-of-bounds accesses and uninitialised reads in inlined library code where there are none, and
# takes a lambda in a template for a type of many files when the template's argument is of this file alone.
target_compile_options(gauntlet_warnings INTERFACE
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-array-bounds;-Wno-stringop-overflow;-Wno-restrict;-Wno-subobject-linkage>)
# Designated initializers leave out what has a default on purpose; g++ 12 and clang 14 warn about it.
target_compile_options(gauntlet_warnings INTERFACE -Wno-missing-field-initializers)

# g++'s objects are large, and binutils' second linker takes a quarter of the time of its first.
if(PROJECT_IS_TOP_LEVEL AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  check_linker_flag(CXX -fuse-ld=gold GAUNTLET_HAS_GOLD)
  add_link_options($<$<BOOL:${GAUNTLET_HAS_GOLD}>:-fuse-ld=gold>)
endif()

# Parts of all tests: what ThreadSanitizer has to look at; what needs no registered map, and what does. The registered maps,
# right and defective, are most of what there is to compile: a run that can do without is short.
add_custom_target(concurrent_tests)
add_custom_target(alone_tests)
add_custom_target(registered_tests)

# gauntlet_glob(OUT FOLDER): every source file below FOLDER that is no test and no compile-fail case.
function(gauntlet_glob out folder)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp")
  list(FILTER found EXCLUDE REGEX "_test\\.cpp$|/compile_fail/")
  set(${out} "${found}" PARENT_SCOPE)
endfunction()

# Links those of the named libraries that exist in this configuration. Object libraries are linked with their objects.
function(gauntlet_link_present target)
  foreach(library IN LISTS ARGN)
    if(TARGET ${library})
      target_link_libraries(${target} PRIVATE ${library})
    endif()
  endforeach()
endfunction()

# A test file belongs to the `concurrent` label, and so to the ThreadSanitizer lane, by its name.
function(gauntlet_is_concurrent out file)
  get_filename_component(name "${file}" NAME)
  if(name MATCHES "concurrent|shared_mutex|sharded|thread|stress|lock|parallel|misuse|recorder|worker")
    set(${out} TRUE PARENT_SCOPE)
  else()
    set(${out} FALSE PARENT_SCOPE)
  endif()
endfunction()

# Tests make many maps of many types, and do little with each: to optimise them takes longer than all the rest, under
# sanitizers five times as long.
add_library(gauntlet_test_options INTERFACE)
target_compile_options(gauntlet_test_options INTERFACE $<$<NOT:$<CONFIG:Release>>:-O0>)
target_link_libraries(gauntlet_test_options INTERFACE gauntlet_warnings)

# GoogleTest's headers take a second or two of every test file: they are compiled once for all that have the same options.
function(gauntlet_share_test_headers name)
  if(NOT TARGET gauntlet_test_headers)
    file(WRITE "${PROJECT_BINARY_DIR}/test_headers.cpp" "")
    add_library(gauntlet_test_headers OBJECT "${PROJECT_BINARY_DIR}/test_headers.cpp")
    target_link_libraries(gauntlet_test_headers PRIVATE gauntlet_map gauntlet_test_options GTest::gmock GTest::gtest)
    target_precompile_headers(gauntlet_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
  endif()
  target_precompile_headers(${name} REUSE_FROM gauntlet_test_headers)
endfunction()

# gauntlet_add_test_executable(NAME LABELS l... TIMEOUT seconds SOURCES f... LIBRARIES t...)
# A GoogleTest executable whose tests are found by running it. The label `concurrent` is added by gauntlet_is_concurrent,
# `registered` where registered maps are linked, `alone` where not.
function(gauntlet_add_test_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "LABELS;SOURCES;LIBRARIES")
  find_package(GTest REQUIRED)
  list(GET arg_SOURCES 0 first)
  gauntlet_is_concurrent(concurrent "${first}")
  if(concurrent)
    list(APPEND arg_LABELS concurrent)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE gauntlet_map gauntlet_test_options)
  gauntlet_link_present(${name} gauntlet_check ${arg_LIBRARIES})
  target_link_libraries(${name} PRIVATE GTest::gmock GTest::gtest GTest::gtest_main)
  if(concurrent)
    add_dependencies(concurrent_tests ${name})
  endif()
  if(NOT "${arg_LIBRARIES}" MATCHES "gauntlet_[a-z_]*subjects")
    list(APPEND arg_LABELS alone)
    add_dependencies(alone_tests ${name})
    gauntlet_share_test_headers(${name})
  else()
    list(APPEND arg_LABELS registered)
    add_dependencies(registered_tests ${name})
  endif()
  # CMake 3.25 keeps one label of a list here. `ctest -L` searches, so one label that holds all words does.
  string(REPLACE ";" "+" label "${arg_LABELS}")
  gtest_discover_tests(${name} TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${label}" TIMEOUT ${arg_TIMEOUT} RUN_SERIAL ${concurrent})
endfunction()

# lib/gauntlet/**/*_test.cpp: for each folder one executable for the tests on one thread and one for the others.
# What must not compile lies in a folder compile_fail beside them, which brings its own CMakeLists.txt.
function(gauntlet_add_tests_beside_headers)
  foreach(folder IN ITEMS map check adapters broken)
    file(GLOB_RECURSE tests CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/lib/gauntlet/${folder}/*_test.cpp")
    list(FILTER tests EXCLUDE REGEX "/adapters/control/")  # only where GAUNTLET_SCHEDULE is on: its own CMakeLists.txt
    set(plain "")
    set(threaded "")
    foreach(file IN LISTS tests)
      gauntlet_is_concurrent(concurrent "${file}")
      if(concurrent)
        list(APPEND threaded "${file}")
      else()
        list(APPEND plain "${file}")
      endif()
    endforeach()
    set(libraries "")
    set(concurrent_libraries "")
    if(folder MATCHES "adapters|broken")
      set(concurrent_libraries gauntlet_concurrent_subjects gauntlet_concurrent_broken)
      set(libraries gauntlet_subjects gauntlet_broken ${concurrent_libraries})
    endif()
    if(plain)
      gauntlet_add_test_executable(${folder}_tests LABELS unit TIMEOUT 300 SOURCES ${plain} LIBRARIES ${libraries})
    endif()
    if(threaded)
      gauntlet_add_test_executable(${folder}_concurrent_tests LABELS unit TIMEOUT 600 SOURCES ${threaded}
                                   LIBRARIES ${concurrent_libraries})
    endif()

    set(refused "${PROJECT_SOURCE_DIR}/lib/gauntlet/${folder}/compile_fail")
    if(EXISTS "${refused}/CMakeLists.txt")
      add_subdirectory("${refused}" "${PROJECT_BINARY_DIR}/lib/gauntlet/${folder}/compile_fail")
    endif()
  endforeach()
endfunction()

# The fuzzing engine is a link argument, as fuzzing services pass it.
if(GAUNTLET_FUZZING)
  if(DEFINED ENV{LIB_FUZZING_ENGINE} AND NOT DEFINED CACHE{GAUNTLET_FUZZING_ENGINE})
    set(engine "$ENV{LIB_FUZZING_ENGINE}")
  elseif(GAUNTLET_SCHEDULE)
    # The flag would also bring the engine's own memcmp and its like, which the controlled scheduler replaces already.
    execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libclang_rt.fuzzer-x86_64.a OUTPUT_VARIABLE engine
                    OUTPUT_STRIP_TRAILING_WHITESPACE)
  else()
    set(engine "-fsanitize=fuzzer")
  endif()
  set(GAUNTLET_FUZZING_ENGINE "${engine}" CACHE STRING "Link argument that brings the fuzzing engine")
endif()

# gauntlet_add_scheduled_fuzz_target(NAME): the same for a target that decides its interleavings itself: its maps are
# compiled for control. Nothing where GAUNTLET_SCHEDULE is off.
function(gauntlet_add_scheduled_fuzz_target name)
  if(TARGET gauntlet_control)
    gauntlet_add_fuzz_target(${name} SUBJECTS gauntlet_controlled_subjects DEFECTS gauntlet_controlled_broken
                             LIBRARIES gauntlet_control gauntlet_sched_instrument)
  endif()
endfunction()

# gauntlet_add_fuzz_target(NAME [ALONE] [SUBJECTS t... DEFECTS t... LIBRARIES t...]): fuzz/NAME.cpp is compiled once and lives three lives.
#   NAME          where GAUNTLET_FUZZING is on: linked with the engine
#   NAME_prove    likewise, with the defective maps (GAUNTLET_SUBJECT picks one)
#   NAME_replay   linked with the replay driver and the defective maps; the test corpus.NAME runs it over
#                 corpus/NAME/{seed,found,regression}
# ALONE: the target judges something of its own and no registered map; it is linked without them, and has no NAME_prove.
# SUBJECTS, DEFECTS: the objects that register the maps, where they are not the usual ones; LIBRARIES: what the target
# links besides.
# A target named `canary` must fail: its test is canary.canary.
function(gauntlet_add_fuzz_target name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "ALONE" "" "SUBJECTS;DEFECTS;LIBRARIES")
  if(NOT TARGET gauntlet_check)
    return()
  endif()
  add_library(${name}_object OBJECT "${PROJECT_SOURCE_DIR}/fuzz/${name}.cpp")
  target_link_libraries(${name}_object PUBLIC gauntlet_map gauntlet_adapters PRIVATE gauntlet_warnings)
  gauntlet_is_concurrent(concurrent "${name}.cpp")
  if(arg_ALONE)
    set(subjects "")
    set(defects "")
  elseif(arg_SUBJECTS)
    set(subjects ${arg_SUBJECTS})
    set(defects ${arg_DEFECTS})
  elseif(concurrent)
    set(subjects gauntlet_concurrent_subjects)
    set(defects gauntlet_concurrent_broken)
  else()
    set(subjects gauntlet_subjects)
    set(defects gauntlet_broken)
  endif()
  set(entry "${PROJECT_SOURCE_DIR}/lib/gauntlet/check/fuzzing/libfuzzer.cpp")
  file(GLOB driver CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/fuzz/driver/*.cpp")
  list(FILTER driver EXCLUDE REGEX "_test\\.cpp$")

  if(GAUNTLET_FUZZING AND EXISTS "${entry}")
    if(NOT TARGET gauntlet_fuzz_entry)
      add_library(gauntlet_fuzz_entry OBJECT "${entry}")
      target_link_libraries(gauntlet_fuzz_entry PUBLIC gauntlet_check PRIVATE gauntlet_warnings)
    endif()
    separate_arguments(engine UNIX_COMMAND "${GAUNTLET_FUZZING_ENGINE}")
    add_executable(${name})
    gauntlet_link_present(${name} ${subjects} ${name}_object gauntlet_fuzz_entry ${arg_LIBRARIES} gauntlet_check)
    target_link_libraries(${name} PRIVATE ${engine})
    if(subjects)
      add_executable(${name}_prove)
      gauntlet_link_present(${name}_prove ${subjects} ${defects} ${name}_object gauntlet_fuzz_entry ${arg_LIBRARIES}
                            gauntlet_check)
      target_link_libraries(${name}_prove PRIVATE ${engine})
    endif()
  endif()

  if(driver)
    if(NOT TARGET gauntlet_replay_driver)
      add_library(gauntlet_replay_driver OBJECT ${driver})
      # To read the command line takes many templates, and no time.
      set_source_files_properties("${PROJECT_SOURCE_DIR}/fuzz/driver/main.cpp" PROPERTIES COMPILE_OPTIONS -O0)
      target_link_libraries(gauntlet_replay_driver PUBLIC gauntlet_adapters PRIVATE gauntlet_warnings)
    endif()
    add_executable(${name}_replay)
    set(no_engine "")
    if(arg_SUBJECTS)
      set(no_engine gauntlet_no_engine)
    endif()
    gauntlet_link_present(${name}_replay ${subjects} ${defects} ${name}_object gauntlet_replay_driver ${arg_LIBRARIES}
                          ${no_engine} gauntlet_check)
    set(labels corpus)
    if(arg_SUBJECTS)
      set(labels sched)
      if(TARGET sched_tests)
        add_dependencies(sched_tests ${name}_replay)
      endif()
    else()
      add_dependencies(registered_tests ${name}_replay)
      if(concurrent)
        list(APPEND labels concurrent)
        add_dependencies(concurrent_tests ${name}_replay)
      endif()
    endif()
    set(expected 0)
    set(test corpus.${name})
    if(name STREQUAL "canary")
      set(expected 1)
      set(test canary.${name})
      set(labels canary)
    endif()
    add_test(NAME ${test}
      COMMAND ${CMAKE_COMMAND} "-DREPLAY=$<TARGET_FILE:${name}_replay>" "-DCORPUS=${PROJECT_SOURCE_DIR}/corpus/${name}"
              -DEXPECTED=${expected} -P "${PROJECT_SOURCE_DIR}/ci/cmake/replay_corpus.cmake")
    set_tests_properties(${test} PROPERTIES LABELS "${labels}" TIMEOUT 900)
  endif()
endfunction()
