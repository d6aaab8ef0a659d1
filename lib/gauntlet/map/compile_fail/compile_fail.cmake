# Compiles one file that the compiler must refuse, and looks for the message that must explain why.
#   cmake -DCOMPILER=... -DINCLUDE=... -DSOURCE=... [-DCASE=...] -P compile_fail.cmake
# Without CASE: SOURCE must be refused with a message that matches the REGEX of its first line, "// expect: REGEX".
# With CASE: the same with -DCASE and the line "// expect(CASE): REGEX"; CASE=NONE must compile, so that a case is refused for
# its own reason. A line break in the compiler's output is a space for REGEX, since compilers wrap where they like.
set(defines "")
if(DEFINED CASE)
  set(defines "-D${CASE}")
  set(label "${SOURCE} with -D${CASE}")
else()
  set(label "${SOURCE}")
endif()
execute_process(
  COMMAND "${COMPILER}" -std=c++20 -fsyntax-only "-I${INCLUDE}" ${defines} "${SOURCE}"
  RESULT_VARIABLE status
  OUTPUT_VARIABLE output
  ERROR_VARIABLE output)
if("${CASE}" STREQUAL "NONE")
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${SOURCE} does not compile even without a case:\n${output}")
  endif()
  return()
endif()

if(DEFINED CASE)
  file(STRINGS "${SOURCE}" line REGEX "^// expect\\(${CASE}\\): ")
  string(REGEX REPLACE "^// expect\\(${CASE}\\): " "" expected "${line}")
else()
  file(STRINGS "${SOURCE}" line LIMIT_COUNT 1)
  string(REGEX REPLACE "^// expect: " "" expected "${line}")
endif()
if("${expected}" STREQUAL "" OR "${expected}" STREQUAL "${line}")
  message(FATAL_ERROR "${label}: no line says what to expect ('// expect: REGEX' first, or '// expect(CASE): REGEX')")
endif()
if(status EQUAL 0)
  message(FATAL_ERROR "${label} compiles; it must be refused with: ${expected}")
endif()
string(REPLACE "\n" " " one_line "${output}")
if(NOT one_line MATCHES "${expected}")
  message(FATAL_ERROR "${label} is refused, but not with: ${expected}\n${output}")
endif()
