/*
 * What is new, told to those who look on (server-sent events). Not for use outside
 * src/admin/.
 */
#ifndef VODKEEP_ADMIN_ADMIN_EVENTS_H
#define VODKEEP_ADMIN_ADMIN_EVENTS_H

struct admin;
struct events;

struct events *events_new(struct admin *admin);
/* No more is told; those who look on are the server's to end. */
void events_close(struct events *events);
/* After the loop has run out: the last of them has been told. NULL allowed. */
void events_free(struct events *events);

#endif
