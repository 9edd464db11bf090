/* Inside room election: the frame of a role entry, in numbers. Not for other rooms. */
#ifndef PSE_ELECTION_ENTRY_FRAME_H
#define PSE_ELECTION_ENTRY_FRAME_H

enum {
    PSE_ENTRY_VERSION = 1,
    PSE_ENTRY_HEAD = 36, /* type, version, eid, role, index */
    PSE_ENTRY_SIG = 64,
    PSE_ENTRY_SETUP_LEN = 136,
    PSE_ROSTER_BLOCK = 64, /* credentials decoded at once */
};

#endif
