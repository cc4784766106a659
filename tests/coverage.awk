# Sums up what gcov says of each file of src/ by folder. For `make coverage`.
/^File '/ {
	split($0, quoted, "'")
	folder = ""
	if (match(quoted[2], /src\/.*\.c$/)) {
		folder = substr(quoted[2], RSTART)
		sub(/\/[^\/]*$/, "", folder)
	}
}
/^Lines executed:/ && folder {
	percent = $2
	sub(/.*:/, "", percent)
	lines[folder] += $4
	run[folder] += percent / 100 * $4
	all += $4
	all_run += percent / 100 * $4
	folder = ""
}
END {
	for (folder in lines)
		printf "%-14s %5d lines  %5.1f %%\n", folder, lines[folder],
			100 * run[folder] / lines[folder] | "sort"
	close("sort")
	if (all)
		printf "%-14s %5d lines  %5.1f %%\n", "all", all, 100 * all_run / all
}
