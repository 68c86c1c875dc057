// lm's signatures, thumbprints and canonical forms beside those of `jose` and `canonicalize`.
// usage: node interop.mjs FOLDER, with the lm programs on the PATH

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import canonicalize from "canonicalize";
import { calculateJwkThumbprint, FlattenedSign, flattenedVerify, importJWK } from "jose";
import { checkLogs } from "./logs.mjs";

process.chdir(process.argv[2]);
let passed = 0;
let failed = 0;

function ok(good, name) {
    console.log(`${good ? "ok" : "not ok"} - ${name}`);
    good ? passed++ : failed++;
}

const now = "2016-04-01T11:40:00Z";
const valid = "2016-01-01T00:00Z/2017-01-01T00:00Z";

function keygen(...options) {
    return execFileSync("lm-keygen", [...options, "--valid", valid], { encoding: "utf8" });
}

function sign(id, input) {
    return execFileSync("lm-sign", ["-k", `${id}.jwk`], { input, encoding: "utf8" });
}

function verify(input) {
    const options = ["-r", "registry.ndjson", "--root", "registrar.jwk", "--now", now];
    return spawnSync("lm-verify", options, { input, encoding: "utf8" });
}

function order(extra) {
    return {
        type: "order", v: 1, market: "m1", period: "2016-04-01T12:00Z/PT30M", id: "a", seq: 1,
        from: "u1", side: "offer", energy_wh: 2000, price: "0.11", at: now, ...extra,
    };
}

// Everything under which the number format or the order of names could go wrong. Names that begin
// with x_ may hold anything.
const extras = {
    "no extra member": {},
    "control characters": { x_text: "\b\t\n\f\r\u0001\u001f\u007f\u0080 \"quoted\" \\back/slash" },
    "text beyond ASCII": { x_text: "Größe € 中文 \u{1F600} \u2028\u2029" },
    "names beyond ASCII": { "x_é": 1, x_e: 2, "x_\u{1F600}": 3, "x_\uFB33": 4, "x_\uE000": 5 },
    "nested objects and arrays": { x_deep: { b: [1, { z: null, a: [true, false, []] }], "": {} } },
    "the largest integers": { x_n: [9007199254740991, -9007199254740991, 0, -1] },
    "names that are prefixes of each other": { x_: 1, x_a: 2, x_ab: 3, x_A: 4, x_1: 5 },
};

const identities = {
    registrar: ["--role", "registrar"],
    m1: ["--role", "market", "--region", "north"],
    s1: ["--role", "supplier", "--region", "north"],
    u1: ["--role", "user", "--supplier", "s1", "--region", "north"],
};
let registry = "";
for (const [id, options] of Object.entries(identities))
    registry += sign("registrar", keygen("--id", id, ...options));
writeFileSync("registry.ndjson", registry);

// Thumbprints of both keys, as jose calculates them from the public members.
const keys = JSON.parse(readFileSync("u1.jwk", "utf8")).keys;
for (const { kty, crv, x, kid } of keys)
    ok(await calculateJwkThumbprint({ kty, crv, x }) === kid, `thumbprint of the ${crv} key`);

const signing = keys.find((key) => key.crv === "Ed25519");
const { kty, crv, x, d, kid } = signing;
const publicKey = await importJWK({ kty, crv, x }, "EdDSA");
const privateKey = await importJWK({ kty, crv, x, d }, "EdDSA");

function withoutSig(record) {
    const { sig, ...rest } = record;
    return rest;
}

async function joseAccepts(record, key = publicKey) {
    try {
        const payload = canonicalize(withoutSig(record));
        const { protectedHeader } = await flattenedVerify({ ...record.sig, payload }, key,
            { crit: { b64: true } });
        return protectedHeader.kid === kid || key !== publicKey;
    } catch {
        return false;
    }
}

// What lm-sign writes.
for (const [name, extra] of Object.entries(extras)) {
    const line = sign("u1", JSON.stringify(order(extra)) + "\n");
    const record = JSON.parse(line);
    ok(line === canonicalize(record) + "\n", `lm-sign writes canonical JSON: ${name}`);
    ok(await joseAccepts(record), `jose accepts what lm-sign signed: ${name}`);
    record.energy_wh++;
    ok(!await joseAccepts(record), `jose refuses it once it is altered: ${name}`);
}

// The registrar's signature over an identity, and the proof in it.
const identity = JSON.parse(registry.trim().split("\n").at(-1));
const rootJwk = JSON.parse(readFileSync("registrar.jwk", "utf8")).keys[0];
const rootKey = await importJWK({ kty: "OKP", crv: "Ed25519", x: rootJwk.x }, "EdDSA");
ok(await joseAccepts(identity, rootKey), "jose accepts the registrar's signature of an identity");
const { proof, ...requested } = withoutSig(identity);
ok(await joseAccepts({ ...requested, sig: proof }), "jose accepts the proof of possession");

// What jose signs.
async function joseSign(record, header) {
    const { protected: protectedHeader, signature } =
        await new FlattenedSign(new TextEncoder().encode(canonicalize(record)))
            .setProtectedHeader(header).sign(privateKey, { crit: { b64: true } });
    return JSON.stringify({ ...record, sig: { protected: protectedHeader, signature } }) + "\n";
}

const headers = {
    "in lm's own order": { alg: "EdDSA", b64: false, crit: ["b64"], kid },
    "in another order": { kid, crit: ["b64"], b64: false, alg: "EdDSA" },
};
for (const [name, header] of Object.entries(headers)) {
    for (const [what, extra] of Object.entries(extras)) {
        const line = await joseSign(order(extra), header);
        const result = verify(line);
        ok(result.status === 0 && result.stdout === line,
            `lm-verify accepts what jose signed, header ${name}: ${what}`);
    }
}
const good = await joseSign(order({}), headers["in lm's own order"]);
const altered = verify(good.replace('"energy_wh":2000', '"energy_wh":2001'));
ok(altered.status === 1 && altered.stdout === "", "lm-verify refuses it once it is altered");
const encoded = await joseSign(order({}), { alg: "EdDSA", kid });
ok(verify(encoded).status === 1, "lm-verify refuses a header without b64 and crit");

// Logs: their notes and proofs.
checkLogs(ok, sign("u1", ["a", "b", "c", "d", "e"].map((id) => JSON.stringify(order({ id })) + "\n").join("")));

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
