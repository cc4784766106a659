unit_programs +=
