# catenet_install(ROOM): installs a room and all it is made of, so that other projects find it: headers, static
# libraries, catenetConfig.cmake (catenet::ROOM) and catenet.pc. None of these rooms may need a library from outside.
include(CMakePackageConfigHelpers)

# Appends those below the room, and the room: who is needed comes before who needs it.
function(catenet_closure room out)
  set(all ${${out}})
  if(NOT room IN_LIST all)
    get_property(deps GLOBAL PROPERTY CATENET_DEPS_OF_${room})
    foreach(dep ${deps})
      catenet_closure(${dep} all)
    endforeach()
    list(APPEND all ${room})
  endif()
  set(${out} ${all} PARENT_SCOPE)
endfunction()

function(catenet_install room)
  set(rooms "")
  catenet_closure(${room} rooms)
  list(REVERSE rooms)  # the order for a linker
  set(CATENET_LIBS "")
  foreach(name ${rooms})
    get_target_property(type catenet_${name} TYPE)
    if(type STREQUAL STATIC_LIBRARY)
      list(APPEND CATENET_LIBS -lcatenet_${name})
    endif()
    install(TARGETS catenet_${name} EXPORT catenetTargets ARCHIVE COMPONENT embed)
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/catenet/${name} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/catenet
            COMPONENT embed FILES_MATCHING PATTERN "*.h" PATTERN "*test*" EXCLUDE)
  endforeach()
  list(JOIN CATENET_LIBS " " CATENET_LIBS)

  set(package ${CMAKE_INSTALL_LIBDIR}/cmake/catenet)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/package)
  install(EXPORT catenetTargets NAMESPACE catenet:: DESTINATION ${package} COMPONENT embed)
  file(WRITE ${generated}/catenetConfig.cmake "include(\${CMAKE_CURRENT_LIST_DIR}/catenetTargets.cmake)\n")
  write_basic_package_version_file(${generated}/catenetConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${generated}/catenetConfig.cmake ${generated}/catenetConfigVersion.cmake DESTINATION ${package}
          COMPONENT embed)

  # The prefix is found from where the file is, so that `cmake --install --prefix` may put it anywhere.
  set(pkgconfig ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  file(RELATIVE_PATH CATENET_UP /${pkgconfig} /)
  file(CONFIGURE OUTPUT ${generated}/catenet.pc @ONLY CONTENT [=[
prefix=${pcfiledir}/@CATENET_UP@
includedir=${prefix}/@CMAKE_INSTALL_INCLUDEDIR@
libdir=${prefix}/@CMAKE_INSTALL_LIBDIR@

Name: catenet
Description: TCP, UDP and IP for programs that bring their own packets (C++23)
Version: @PROJECT_VERSION@
Cflags: -I${includedir}
Libs: -L${libdir} @CATENET_LIBS@
]=])
  install(FILES ${generated}/catenet.pc DESTINATION ${pkgconfig} COMPONENT embed)
endfunction()
