#include "name-list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int name_list_add(struct name_list *list, const char *name, unsigned char type) {
    size_t name_size = strlen(name) + 1;
    if (list->len + 1 + name_size > list->capacity) {
        size_t capacity = list->capacity * 2 + 1 + name_size;
        char *larger = realloc(list->data, capacity);
        if (larger == NULL)
            return -ENOMEM;
        list->data = larger;
        list->capacity = capacity;
    }
    list->data[list->len] = (char)type;
    memcpy(list->data + list->len + 1, name, name_size);
    list->len += 1 + name_size;
    list->n_names++;
    return 0;
}

static int compare(const void *left, const void *right, void *data) {
    const char *names = data;
    return strcmp(names + *(const size_t *)left + 1, names + *(const size_t *)right + 1);
}

int name_list_sort(struct name_list *list) {
    size_t offset = 0;
    list->order = calloc(list->n_names + 1, sizeof *list->order);
    if (list->order == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < list->n_names; i++) {
        list->order[i] = offset;
        offset += 1 + strlen(list->data + offset + 1) + 1;
    }
    qsort_r(list->order, list->n_names, sizeof *list->order, compare, list->data);
    return 0;
}

bool name_list_next(struct name_list *list, struct name_entry *ret_entry) {
    size_t offset = list->at;
    if (list->order != NULL) {
        if (list->n_given == list->n_names)
            return false;
        offset = list->order[list->n_given++];
    } else if (list->at == list->len) {
        return false;
    }
    ret_entry->type = (unsigned char)list->data[offset];
    ret_entry->name = list->data + offset + 1;
    list->at = offset + 1 + strlen(ret_entry->name) + 1;
    return true;
}

size_t name_list_bytes(const struct name_list *list) { return list->capacity; }

void name_list_free(struct name_list *list) {
    free(list->data);
    free(list->order);
    *list = (struct name_list){0};
}
