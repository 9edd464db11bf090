/* psephos load: the service under voters and attackers that we play. One file a verb. */
#ifndef PSE_PSEPHOS_LOAD_H
#define PSE_PSEPHOS_LOAD_H

int load_prepare(int argc, char **argv);
int load_run(int argc, char **argv);
int load_peak(int argc, char **argv);
int load_null(int argc, char **argv);

#endif
