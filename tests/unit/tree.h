/*
 * Folders that tests make.
 */
#ifndef VODKEEP_TESTS_TREE_H
#define VODKEEP_TESTS_TREE_H

/* Remove the folder @name of the directory @parent with all that is in it. Follows no
 * symlink; what is not there is no failure. */
void remove_tree(int parent, const char *name);

#endif
