libvodkeep_a_SOURCES +=
