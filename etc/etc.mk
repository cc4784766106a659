EXTRA_DIST += etc/vodkeep.ini
