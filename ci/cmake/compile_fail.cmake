# cmake -DCOMPILER= -DFILE= -DCASE= -DINCLUDE= -P compile_fail.cmake
# FILE with -DCASE must be refused with a message that matches its line `// expect(CASE): REGEX`; with CASE=NONE it must
# compile.
execute_process(COMMAND "${COMPILER}" -std=c++20 -fsyntax-only "-I${INCLUDE}" "-D${CASE}" "${FILE}"
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(CASE STREQUAL "NONE")
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${FILE} does not compile even without a case:\n${output}")
  endif()
  return()
endif()
file(STRINGS "${FILE}" line REGEX "// expect\\(${CASE}\\):")
string(REGEX REPLACE ".*expect\\(${CASE}\\): *" "" expected "${line}")
if(status EQUAL 0)
  message(FATAL_ERROR "${FILE} compiles with -D${CASE}; expected an error that matches: ${expected}")
endif()
if(NOT output MATCHES "${expected}")
  message(FATAL_ERROR "${FILE} with -D${CASE}: no message matches: ${expected}\n${output}")
endif()
