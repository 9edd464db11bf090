// Command interop reads a psephos record with other people's code: the note and tlog packages of
// golang.org/x/mod. It verifies the log's signature, recomputes the root from the tiles, and checks
// the inclusion of every entry against its hash tile and the signed root. With a policy it also
// counts the witnesses' cosignatures, and with receipts it checks each of them: signatures, quorum,
// and the inclusion of the entry that the record holds in its place.
//
// Usage: interop DIR LOG_VKEY [POLICY [RECEIPT ...]]
//
// The tlog package leaves parts of tiles unchecked (CVE-2026-56865), so this program is a test of our
// format and not a verifier.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type tiles struct{ dir string }

func (t tiles) Height() int { return height }

// ReadTiles maps tile/8/L/N of the tlog package to tile/L/N of C2SP tlog-tiles.
func (t tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range want {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(t.dir, path))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// entries returns the records of one bundle.
func entries(dir string, n, width int64) ([][]byte, error) {
	path := tlog.Tile{H: height, L: 0, N: n, W: int(width)}.Path()
	path = strings.Replace(path, "tile/8/0/", "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("%s: short entry", path)
		}
		size := 2 + int(binary.BigEndian.Uint16(data))
		out = append(out, data[2:size])
		data = data[size:]
	}
	if int64(len(out)) != width {
		return nil, fmt.Errorf("%s: %d entries, not %d", path, len(out), width)
	}
	return out, nil
}

// witness verifies cosignatures, type 04 of C2SP tlog-cosignature: a time and an Ed25519 signature
// over a header with that time and the note's text. The note package takes it like any verifier.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.hash }

func (w witness) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	header := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(w.key, append([]byte(header), msg...), sig[8:])
}

func newWitness(vkey string) (witness, error) {
	part := strings.SplitN(vkey, "+", 3)
	if len(part) != 3 {
		return witness{}, errors.New("malformed witness key")
	}
	raw, err := base64.StdEncoding.DecodeString(part[2])
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != 4 {
		return witness{}, errors.New("not a witness key of type 04")
	}
	sum := sha256.Sum256(append([]byte(part[0]+"\n"), raw...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != part[1] {
		return witness{}, errors.New("the id of a witness key is another")
	}
	return witness{part[0], hash, ed25519.PublicKey(raw[1:])}, nil
}

// policy is a policy file with one group of witnesses, K of them.
type policy struct {
	witnesses []note.Verifier
	quorum    int
}

func readPolicy(path string) (policy, error) {
	var p policy
	text, err := os.ReadFile(path)
	if err != nil {
		return p, err
	}
	for _, line := range strings.Split(string(text), "\n") {
		word := strings.Fields(line)
		switch {
		case len(word) >= 3 && word[0] == "witness":
			w, err := newWitness(word[2])
			if err != nil {
				return p, err
			}
			p.witnesses = append(p.witnesses, w)
		case len(word) >= 3 && word[0] == "group":
			if p.quorum, err = strconv.Atoi(word[2]); err != nil {
				return p, err
			}
		}
	}
	return p, nil
}

// open verifies a checkpoint's signatures and, if there is a policy, its quorum.
func open(signed []byte, log note.Verifier, p *policy) (origin string, tree tlog.Tree, err error) {
	known := []note.Verifier{log}
	if p != nil {
		known = append(known, p.witnesses...)
	}
	n, err := note.Open(signed, note.VerifierList(known...))
	if err != nil {
		return "", tree, err
	}
	byLog, seen := false, map[string]bool{}
	for _, sig := range n.Sigs {
		if sig.Name == log.Name() && sig.Hash == log.KeyHash() {
			byLog = true
		} else {
			seen[sig.Name] = true
		}
	}
	if !byLog || (p != nil && len(seen) < p.quorum) {
		return "", tree, fmt.Errorf("signed by log: %v, by witnesses: %d", byLog, len(seen))
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != log.Name() {
		return "", tree, errors.New("not a checkpoint of this log")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return "", tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return lines[0], tree, err
}

// checkReceipt verifies a C2SP tlog-proof file for the entry that the record has in its place.
func checkReceipt(path, dir string, size int64, log note.Verifier, p *policy) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, signed, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a tlog-proof")
	}
	lines = lines[1:]
	if strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	_, tree, err := open([]byte(signed), log, p)
	if err != nil {
		return err
	}
	n := index / 256
	bundle, err := entries(dir, n, min(size-n*256, 256))
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(bundle[index%256]))
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

func run(dir, vkey string, rest []string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	var p *policy
	if len(rest) > 0 {
		read, err := readPolicy(rest[0])
		if err != nil {
			return err
		}
		p, rest = &read, rest[1:]
	}
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	origin, tree, err := open(signed, verifier, p)
	if err != nil {
		return err
	}
	size, root := tree.N, tree.Hash
	reader := tlog.TileHashReader(tree, tiles{dir})
	computed, err := tlog.TreeHash(size, reader)
	if err != nil {
		return err
	}
	if computed != root {
		return fmt.Errorf("root %v, the checkpoint says %v", computed, root)
	}
	for n := int64(0); n*256 < size; n++ {
		bundle, err := entries(dir, n, min(size-n*256, 256))
		if err != nil {
			return err
		}
		for i, entry := range bundle {
			index := n*256 + int64(i)
			proof, err := tlog.ProveRecord(size, index, reader)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(entry)); err != nil {
				return fmt.Errorf("entry %d: %v", index, err)
			}
		}
	}
	for _, path := range rest {
		if err := checkReceipt(path, dir, size, verifier, p); err != nil {
			return fmt.Errorf("%s: %v", path, err)
		}
	}
	fmt.Printf("%s: %d entries, each under the signed root; %d receipts\n", origin, size, len(rest))
	return nil
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: interop DIR LOG_VKEY [POLICY [RECEIPT ...]]")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
}
