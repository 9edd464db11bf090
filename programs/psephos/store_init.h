/* psephos store init: a store for a log, and the log's first head in it. */
#ifndef PSE_PSEPHOS_STORE_INIT_H
#define PSE_PSEPHOS_STORE_INIT_H

/** The verb; argv[0] is its name. */
int store_init(int argc, char **argv);

#endif
