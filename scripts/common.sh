# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154
# What scripts/run and scripts/test share: packages and the build. Sourced; needs $top.

say() { printf '%s\n' "$*" >&2; }
die() {
	say "$(basename "$0"): $*"
	exit 1
}

# What ./configure and make need on Debian 12, and https needs to trust anybody.
BUILD_PACKAGES="gcc libc6-dev make autoconf automake pkg-config
	libuv1-dev libcurl4-openssl-dev libcjson-dev libinih-dev libmicrohttpd-dev
	libsqlite3-dev libssl-dev ca-certificates"

installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "packages are missing ($missing) and neither root nor sudo is there: install them as root"
	fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o APT::Install-Recommends=false "$@" >&2
}

# need_packages PACKAGE…: install what is missing; no network is used when nothing is.
need_packages() {
	missing=
	if ! command -v dpkg-query >/dev/null; then
		say "not a Debian system: install by hand what ./configure asks for"
		return
	fi
	for package in "$@"; do
		installed "$package" || missing="$missing $package"
	done
	missing=${missing# }
	[ -n "$missing" ] || return 0
	say "installing: $missing"
	updated=
	# The lists may be absent (a fresh system) or older than the archive.
	# shellcheck disable=SC2086
	if ! apt-get -s -q install $missing >/dev/null 2>&1; then
		apt update || die "cannot read the package lists; is there a network? missing: $missing"
		updated=yes
	fi
	# shellcheck disable=SC2086
	apt -y install $missing && return 0
	[ -n "$updated" ] || apt update || die "cannot read the package lists; missing: $missing"
	# shellcheck disable=SC2086
	apt -y install $missing || die "cannot install: $missing"
}

# Whether anything that configure is made from is newer than configure.
configure_is_stale() {
	[ -x "$top/configure" ] || return 0
	[ -n "$(find "$top/configure.ac" "$top/Makefile.am" -newer "$top/configure")" ]
}

# configure_build [CONFIGURE-OPTION…]: $top/build can make things afterwards.
configure_build() {
	if configure_is_stale; then
		(cd "$top" && autoreconf -fi) >&2 || die "autoreconf failed"
	fi
	mkdir -p "$top/build"
	cd "$top/build" || exit 1
	if [ ! -f config.status ] || [ -n "$(find "$top/configure" -newer config.status)" ] || lacks_option "$@"; then
		"$top/configure" --quiet "$@" >&2 || die "configure failed"
	fi
	cd - >/dev/null || exit 1
}

# build [CONFIGURE-OPTION…]: into $top/build.
build() {
	configure_build "$@"
	jobs=$(nproc 2>/dev/null || echo 1)
	make -s -C "$top/build" -j"$jobs" >&2 || die "the build failed"
}

# Whether build/ was configured without one of these options.
lacks_option() {
	for option in "$@"; do
		./config.status --config | grep -q -e "$option" || return 0
	done
	return 1
}
