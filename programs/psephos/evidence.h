/* The verbs of psephos evidence that have files of their own. */
#ifndef PSE_PSEPHOS_EVIDENCE_H
#define PSE_PSEPHOS_EVIDENCE_H

int evidence_export(int argc, char **argv);

#endif
