/* The subcommands of psephos: one line each here, one file each (programs/psephos/<name>.c with
 * cmd_<name>), one manual page each (docs/man/psephos-<name>.1). */
#ifndef PSE_PSEPHOS_COMMANDS_H
#define PSE_PSEPHOS_COMMANDS_H

// clang-format off
#define PSEPHOS_COMMANDS(X) \
    X(demo, "a whole election here, told step by step") \
    X(serve, "all daemons of an election on this machine") \
    X(simulate, "real ballots in, a complete public record out") \
    X(policy, "say whose witness makes a checkpoint count") \
    X(officer, "the authority: set up, open, close, publish") \
    X(registrar, "who may vote, and which ballots are set aside") \
    X(auth, "log voters in, and take in their credentials") \
    X(identity, "electronic identities judged from files") \
    X(trustee, "a part of the key that opens the ballots") \
    X(mixer, "shuffle sealed ballots") \
    X(credential, "a voter's private key") \
    X(vote, "seal a ballot") \
    X(box, "the ballot box: takes ballots, keeps the log") \
    X(board, "the public side: record, receipts, the election's view") \
    X(record, "the board's work on the public record") \
    X(stamp, "have the closing checkpoint time-stamped, and judge stamps") \
    X(witness, "cosign logs that only ever grow") \
    X(edge, "the settings of what stands before the daemons") \
    X(load, "the service under voters and attackers that we play") \
    X(bench, "measure the speed of this machine, other libraries beside it") \
    X(audit, "private and staged rows against the public record") \
    X(evidence, "what binds voters to credentials, opened by auditors") \
    X(store, "private stores: making one, sealed copies, restoring them") \
    X(receipt, "what a voter's receipt proves") \
    X(login, "log in by mail, where the ballot box asks for it") \
    X(logout, "end a login") \
    X(check, "ask, on a second device, what a ballot holds") \
    X(mirror, "a copy of a public record that checks all it copies") \
    X(monitor, "does everybody see the same log?") \
    X(count, "count ballots or votes by one rule, every stage shown")
// clang-format on

/** argv[0] is the subcommand's name. Returns the exit status (enum cli_exit). */
#define PSEPHOS_DECLARE(name, about) int cmd_##name(int argc, char **argv);
PSEPHOS_COMMANDS(PSEPHOS_DECLARE)
#undef PSEPHOS_DECLARE

#endif
