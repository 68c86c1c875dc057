// lm-log's notes and proofs beside those of an implementation that lm did not write
// (@sigstore/verify), and of node:crypto by the text of https://c2sp.org/signed-note and
// https://c2sp.org/tlog-cosignature: nobody publishes a signer of them for Node.js.

import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { verifyCheckpoint } = require("@sigstore/verify/dist/timestamp/checkpoint.js");
const { verifyMerkleInclusion } = require("@sigstore/verify/dist/timestamp/merkle.js");

const now = "2016-04-01T11:40:00Z";
const plain = 0x01;
const timed = 0x04;

// Key ids, verifier keys and signatures as C2SP's texts say.
function keyId(name, kind, x) {
    const hash = createHash("sha256");
    hash.update(name + "\n").update(Buffer.from([kind])).update(x);
    return hash.digest().subarray(0, 4);
}

function verifierKey(name, kind, x) {
    const material = Buffer.concat([Buffer.from([kind]), x]);
    return `${name}+${keyId(name, kind, x).toString("hex")}+${material.toString("base64")}`;
}

function message(text, kind, seconds) {
    return Buffer.from(kind === timed ? `cosignature/v1\ntime ${seconds}\n${text}` : text);
}

function signatureLine(text, name, kind, key, seconds) {
    const stamp = Buffer.alloc(kind === timed ? 8 : 0);
    if (kind === timed)
        stamp.writeBigUInt64BE(BigInt(seconds));
    const signature = sign(null, message(text, kind, seconds), key.privateKey);
    const bytes = Buffer.concat([keyId(name, kind, key.x), stamp, signature]);
    return `\u2014 ${name} ${bytes.toString("base64")}\n`;
}

// The times at which a key signed, or null where a signature of it does not verify.
function signedAt(note, name, kind, key) {
    const end = note.lastIndexOf("\n\n") + 1;
    const text = note.slice(0, end);
    const times = [];
    for (const line of note.slice(end + 1).split("\n").slice(0, -1)) {
        const [dash, who, base64] = line.split(" ");
        const bytes = Buffer.from(base64, "base64");
        if (dash !== "\u2014" || who !== name || !bytes.subarray(0, 4).equals(keyId(name, kind, key.x)))
            continue;
        const head = kind === timed ? 12 : 4;
        const seconds = kind === timed ? bytes.readBigUInt64BE(4) : 0n;
        if (!verify(null, message(text, kind, seconds), key.publicKey, bytes.subarray(head)))
            return null;
        times.push(Number(seconds));
    }
    return times;
}

function loadKey(file) {
    const jwk = JSON.parse(readFileSync(file, "utf8")).keys.find((key) => key.crv === "Ed25519");
    const { kty, crv, x, d } = jwk;
    return {
        x: Buffer.from(x, "base64url"),
        privateKey: createPrivateKey({ key: { kty, crv, x, d }, format: "jwk" }),
        publicKey: createPublicKey({ key: { kty, crv, x }, format: "jwk" }),
    };
}

function lm(command, options, input = "") {
    return execFileSync("lm-log", [command, ...options, "--now", now], { input, encoding: "utf8" });
}

// What @sigstore/verify says of a checkpoint and a proof. It wants every signature to be by a key
// that it was given, so that it gets the note with the log's plain one alone.
function sigstoreAccepts(note, proof, entry, origin, key) {
    const head = note.slice(0, note.indexOf("\n\n") + 2);
    const first = note.slice(head.length).split("\n")[0] + "\n";
    const [, size, root] = note.split("\n");
    const inclusionProof = {
        checkpoint: { envelope: head + first },
        logIndex: /^index (\d+)$/m.exec(proof)[1],
        treeSize: size,
        rootHash: Buffer.from(root, "base64"),
        hashes: proof.slice(proof.indexOf("index "), proof.indexOf("\n\n")).split("\n").slice(1)
            .map((hash) => Buffer.from(hash, "base64")),
    };
    const tlogs = [{
        logID: keyId(origin, plain, key.x),
        publicKey: key.publicKey,
        validFor: { start: new Date(0), end: new Date(8640000000000000) },
    }];
    try {
        verifyCheckpoint({ integratedTime: "1459510800", inclusionProof }, tlogs);
        verifyMerkleInclusion({ inclusionProof, canonicalizedBody: Buffer.from(entry) });
        return true;
    } catch {
        return false;
    }
}

// ORDERS are signed orders; m1.jwk and u1.jwk are key files in this folder.
export function checkLogs(ok, orders) {
    const origin = "m1/market.log";
    const key = loadKey("m1.jwk");
    const witness = loadKey("u1.jwk");
    const seconds = Date.parse(now) / 1000;
    lm("append", ["market.log", "-k", "m1.jwk"], orders);
    const note = lm("checkpoint", ["market.log", "-k", "m1.jwk"]);
    const entries = readFileSync("market.log", "utf8").trim().split("\n");

    const vkey = lm("vkey", ["market.log", "-k", "m1.jwk"]).trim();
    const witnessKey = lm("vkey", ["-k", "u1.jwk", "--name", "w.example"]).trim();
    ok(vkey === verifierKey(origin, plain, key.x), "the log's verifier key");
    ok(witnessKey === verifierKey("w.example", timed, witness.x), "a witness's verifier key");
    ok(JSON.stringify(signedAt(note, origin, plain, key)) === "[0]",
        "node:crypto accepts a checkpoint's signature");
    ok(JSON.stringify(signedAt(note, origin, timed, key)) === `[${seconds}]`,
        "and the one that says when");
    const cosigned = lm("cosign", ["-k", "u1.jwk", "--name", "w.example", "--state", "seen", "--first",
        "--log-key", vkey], note);
    ok(JSON.stringify(signedAt(cosigned, "w.example", timed, witness)) === `[${seconds}]`,
        "node:crypto accepts a cosignature");

    for (const [n, entry] of entries.entries()) {
        const proof = lm("prove", ["market.log", String(n)]);
        const other = entries[(n + 1) % entries.length];
        ok(sigstoreAccepts(note, proof, entry, origin, key), `@sigstore/verify accepts the proof of ${n}`);
        ok(!sigstoreAccepts(note, proof, other, origin, key), "and not as one of another entry");
    }
    const altered = note.replace(/^\d+$/m, (size) => String(Number(size) + 1));
    ok(!sigstoreAccepts(altered, lm("prove", ["market.log", "0"]), entries[0], origin, key),
        "@sigstore/verify refuses an altered checkpoint");

    // What others sign.
    const text = note.slice(0, note.indexOf("\n\n") + 1);
    const theirs = `${text}\n${signatureLine(text, "stranger", plain, witness)}` +
        signatureLine(text, origin, plain, key) +
        signatureLine(text, "w.example", timed, witness, seconds + 5);
    const proof = lm("prove", ["market.log", "0"]);
    const head = proof.slice(0, proof.indexOf("\n\n") + 2);
    const check = (checkpoint) => spawnSync("lm-log",
        ["check", "--log-key", vkey, "--witness", witnessKey, "--entry", "entry"],
        { input: head + checkpoint, encoding: "utf8" });
    writeFileSync("entry", entries[0] + "\n");
    ok(check(theirs).status === 0, "lm-log accepts what node:crypto signed and cosigned");
    ok(check(theirs.replace(/\n\d+\n/, "\n1\n")).status === 1, "and refuses it once it is altered");
    const late = theirs.replace(/(w\.example \S{12})./, (all, kept) => kept + (all.endsWith("A") ? "B" : "A"));
    ok(late !== theirs && check(late).status === 1, "and once its time is");
}
