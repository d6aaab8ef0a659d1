# Compiles one file that must not compile, and looks for the message that must explain why.
#   cmake -DCOMPILER=... -DINCLUDE=... -DSOURCE=... -P compile_fail.cmake
# The first line of SOURCE is "// expect: REGEX". Fails if the file compiles, or fails without that message. A line break in
# the compiler's output is a space for REGEX, since compilers wrap where they like.
file(STRINGS "${SOURCE}" first_line LIMIT_COUNT 1)
if(NOT first_line MATCHES "^// expect: (.+)$")
  message(FATAL_ERROR "${SOURCE}: the first line must read '// expect: REGEX'")
endif()
set(expected "${CMAKE_MATCH_1}")

execute_process(
  COMMAND "${COMPILER}" -std=c++20 -fsyntax-only "-I${INCLUDE}" "${SOURCE}"
  RESULT_VARIABLE status
  OUTPUT_VARIABLE output
  ERROR_VARIABLE output)
if(status EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiles; it must be refused with: ${expected}")
endif()
string(REPLACE "\n" " " one_line "${output}")
if(NOT one_line MATCHES "${expected}")
  message(FATAL_ERROR "${SOURCE} is refused, but not with: ${expected}\n${output}")
endif()
