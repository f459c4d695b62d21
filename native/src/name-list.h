/* Names of directory entries in one piece of memory. */
#ifndef JAILD_NAME_LIST_H
#define JAILD_NAME_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct name_list {
    char *data; /* records: type byte, name, NUL */
    size_t len;
    size_t capacity;
    size_t at;     /* the next record that name_list_next() gives, without an order */
    size_t *order; /* offsets of records, after name_list_sort() */
    size_t n_names;
    size_t n_given; /* of `order` */
};

struct name_entry {
    const char *name; /* until the list changes */
    unsigned char type;
};

int name_list_add(struct name_list *list, const char *name, unsigned char type);
/* Lets name_list_next() go by the bytes of the names. */
int name_list_sort(struct name_list *list);
bool name_list_next(struct name_list *list, struct name_entry *ret_entry);
/* Memory in use. */
size_t name_list_bytes(const struct name_list *list);
void name_list_free(struct name_list *list);

#endif
