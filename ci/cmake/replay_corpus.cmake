# cmake -DREPLAY= -DCORPUS= -DEXPECTED= -P replay_corpus.cmake
# Replays every file of CORPUS/{seed,found,regression}; the exit status must be EXPECTED exactly (2, a bad input, is never
# fine). A corpus without files fails: it would guard nothing.
set(folders "")
foreach(folder IN ITEMS seed found regression)
  file(GLOB files "${CORPUS}/${folder}/*")
  if(files)
    list(APPEND folders "${CORPUS}/${folder}")
  endif()
endforeach()
if(NOT folders)
  message(FATAL_ERROR "${CORPUS} holds no inputs; put a seed into ${CORPUS}/seed")
endif()
execute_process(COMMAND "${REPLAY}" ${folders} RESULT_VARIABLE status)
if(NOT status EQUAL EXPECTED)
  message(FATAL_ERROR "${REPLAY} gave ${status}, expected ${EXPECTED}")
endif()
