//! The table of attacks: tokens that must let nobody in.

use super::{API, IDP, Scene};
use crate::support::forge::{Pair, b64, hmac, unsigned};
use api::usecase::signing::Purpose;
use domain::seat::{DEV_ISSUER, MINT_ISSUER};
use serde_json::{Value, json};

/// Each with what is wrong with it.
pub(super) fn all(scene: &Scene) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add = |what: &str, token: String| all.push((what.to_owned(), token));
    let (claims, now) = (scene.claims(), scene.now.timestamp());
    let (rsa, ec, ed) = (&scene.rsa, &scene.ec, &scene.ed);
    let header = |changes: Value| {
        let mut header = ed.header();
        for (name, value) in changes.as_object().unwrap() {
            header[name] = value.clone();
        }
        header
    };
    let good = ed.token(&claims);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, payload) = signed.split_once('.').unwrap();

    for alg in ["none", "None", "NONE", "nOnE", "", "NULL"] {
        add(&format!("alg {alg:?}, no signature"), unsigned(&header(json!({ "alg": alg })), &claims, ""));
        add(&format!("alg {alg:?}, some signature"), unsigned(&header(json!({ "alg": alg })), &claims, signature));
    }
    add("no signature under a real alg", unsigned(&ed.header(), &claims, ""));
    for key in [rsa, ec, ed] {
        let secrets =
            [("PEM", key.pem().into_bytes()), ("DER", key.der()), ("JWK", key.jwk().to_string().into_bytes())];
        for (form, secret) in secrets {
            add(
                &format!("HS256 with the {} key's {form} as the secret", key.kid),
                hmac("HS256", key.kid, &secret, &claims),
            );
        }
        add("HS512 with the public key", hmac("HS512", key.kid, key.pem().as_bytes(), &claims));
        let stranger = match key.kid {
            "rsa" => Pair::rsa("rsa"),
            "ec" => Pair::ec("ec"),
            _ => Pair::ed("ed"),
        };
        add("a stranger's key under a known kid", stranger.token(&claims));
        for other in [rsa, ec, ed].into_iter().filter(|other| other.kid != key.kid) {
            let mut mixed = key.header();
            mixed["kid"] = other.kid.into();
            add("another key's kid", key.sign(&mixed, &claims));
            mixed["alg"] = other.alg().into();
            add("another key's kid and alg", key.sign(&mixed, &claims));
        }
    }
    add("RS512 by the RS256 key", rsa.sign_as("RS512", &claims));
    add("PS256 by the RS256 key", rsa.sign_as("PS256", &claims));
    add("alg in lower case", ed.sign(&header(json!({ "alg": "eddsa" })), &claims));
    for alg in [json!(1), json!(null), json!(["EdDSA"])] {
        add("alg is no text", ed.sign(&header(json!({ "alg": alg })), &claims));
    }
    let stranger = Pair::ed("stranger");
    add("a stranger's own kid", stranger.token(&claims));
    for (member, value) in [
        ("jwk", stranger.jwk()),
        ("jku", json!("https://evil.test/jwks.json")),
        ("x5u", json!("https://evil.test/cert.pem")),
        ("x5c", json!([b64(stranger.der())])),
    ] {
        let mut header = stranger.header();
        header[member] = value.clone();
        add(&format!("the stranger's {member} in the header"), stranger.sign(&header, &claims));
        header["kid"] = "ed".into();
        add(&format!("the stranger's {member} under a known kid"), stranger.sign(&header, &claims));
    }
    for kid in [
        json!(null),
        json!(7),
        json!(""),
        json!("ED"),
        json!("ed "),
        json!("../../etc/passwd"),
        json!("ed' OR '1'='1"),
        json!("ed\u{0}"),
        json!("k".repeat(4000)),
    ] {
        add(&format!("kid {kid:.20}"), ed.sign(&header(json!({ "kid": kid })), &claims));
    }
    add("no kid", ed.sign(&json!({ "alg": "EdDSA", "typ": "at+jwt" }), &claims));
    for crit in [json!([]), json!(["exp"]), json!(["b64"]), json!(null)] {
        add("crit", ed.sign(&header(json!({ "crit": crit })), &claims));
    }
    add("b64 false", ed.sign(&header(json!({ "b64": false })), &claims));
    add("zip", ed.sign(&header(json!({ "zip": "DEF" })), &claims));
    add("no typ", ed.sign(&json!({ "alg": "EdDSA", "kid": "ed" }), &claims));
    for typ in [
        json!("JWT"),
        json!("dpop+jwt"),
        json!("id+jwt"),
        json!("logout+jwt"),
        json!(Purpose::Mint.typ()),
        json!(""),
        json!(1),
    ] {
        add(&format!("typ {typ}"), ed.sign(&header(json!({ "typ": typ })), &claims));
    }

    for name in ["iss", "aud", "sub", "exp", "iat"] {
        add(&format!("no {name}"), ed.token(&scene.without(name)));
        for value in [json!(null), json!({}), json!(true), json!([])] {
            add(&format!("{name} is {value}"), ed.token(&scene.with(json!({ name: value }))));
        }
    }
    for name in ["exp", "iat", "nbf"] {
        for value in [json!((now + 60).to_string()), json!(-1), json!(u64::MAX), json!(1e300)] {
            add(&format!("{name} is {value}"), ed.token(&scene.with(json!({ name: value }))));
        }
    }
    let timed = [
        ("ended 30 s ago", json!({ "exp": now - 30 })),
        ("ended in 1970", json!({ "exp": 1, "iat": 0 })),
        ("from the future", json!({ "iat": now + 31, "exp": now + 3600 })),
        ("not yet valid", json!({ "nbf": now + 31 })),
        ("nbf null", json!({ "nbf": null })),
        ("a day and a second", json!({ "iat": now, "exp": now + 86_401 })),
        ("ten years", json!({ "iat": now, "exp": now + 315_360_000 })),
        ("ended before it began", json!({ "iat": now + 10, "exp": now + 10 })),
    ];
    for (what, change) in timed {
        add(what, ed.token(&scene.with(change)));
    }
    for aud in [
        json!("https://other.test"),
        json!(["https://other.test"]),
        json!([API, 1]),
        json!(1),
        json!("HTTPS://API.TEST"),
        json!(format!("{API}/")),
    ] {
        add(&format!("aud {aud}"), ed.token(&scene.with(json!({ "aud": aud }))));
    }
    for iss in [
        json!([IDP]),
        json!("https://idp.test/"),
        json!("HTTPS://IDP.TEST"),
        json!("https://evil.test"),
        json!(MINT_ISSUER),
        json!(DEV_ISSUER),
        json!(1),
    ] {
        add(&format!("iss {iss}"), ed.token(&scene.with(json!({ "iss": iss }))));
    }
    for sub in ["", "nobody", "ADA", "ada ", "ada\u{0}", "gone", "bob", "dev"] {
        add(&format!("sub {sub:?}"), ed.token(&scene.with(json!({ "sub": sub }))));
    }
    add(
        "bob's program, to which the issuer is not bound",
        ed.token(&scene.with(json!({ "sub": "bob", "program": "beta" }))),
    );
    add(
        "bob's only seat, to which the issuer is not bound",
        ed.token(&{
            let mut claims = scene.without("program");
            claims["sub"] = "bob".into();
            claims
        }),
    );
    for program in [json!("beta"), json!("nowhere"), json!(null), json!(1), json!(["acme"]), json!(""), json!("ACME")] {
        add(&format!("program {program}"), ed.token(&scene.with(json!({ "program": program }))));
    }
    add("a portfolio without a seat", ed.token(&scene.with(json!({ "program": null, "portfolio": "fund" }))));
    add("a program and a portfolio", ed.token(&scene.with(json!({ "portfolio": "fund" }))));
    add("sender-constrained", ed.token(&scene.with(json!({ "cnf": { "jkt": "x" } }))));

    for text in ["", ".", "..", "...", "a.b.c", "null", "undefined", "Bearer", "a", "é.é.é"] {
        add(&format!("junk {text:?}"), text.to_owned());
    }
    add("two parts", signed.to_owned());
    add("four parts", format!("{good}.{signature}"));
    add("a JWE's five parts", format!("{head}.{payload}.{payload}.{payload}.{signature}"));
    add("a dot behind", format!("{good}."));
    add("a space before", format!(" {good}"));
    add("a space behind", format!("{good} "));
    add("a line break inside", format!("{head}.\n{payload}.{signature}"));
    add("padded base64", format!("{signed}.{signature}=="));
    add("longer than any token", format!("{signed}.{}", "A".repeat(9000)));
    add("JSON serialisation", json!({ "protected": head, "payload": payload, "signature": signature }).to_string());
    add(
        "a repeated claim",
        ed.sign_text(&ed.header().to_string(), &format!("{{\"sub\":\"rex\",{}", &claims.to_string()[1..])),
    );
    add(
        "a repeated header",
        ed.sign_text(&format!("{{\"alg\":\"none\",{}", &ed.header().to_string()[1..]), &claims.to_string()),
    );
    add("claims that are a list", ed.sign_text(&ed.header().to_string(), "[]"));
    add("claims that are no JSON", ed.sign_text(&ed.header().to_string(), "{"));
    add("something behind the claims", ed.sign_text(&ed.header().to_string(), &format!("{claims}{{}}")));
    add(
        "claims 200 levels deep",
        ed.sign_text(&ed.header().to_string(), &format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200))),
    );
    add(
        "other claims under a good signature",
        format!("{head}.{}.{signature}", b64(scene.with(json!({ "sub": "rex" })).to_string())),
    );
    add(
        "another header under a good signature",
        format!("{}.{payload}.{signature}", b64(header(json!({ "x": 1 })).to_string())),
    );
    add("a shorter signature", format!("{signed}.{}", &signature[..signature.len() - 4]));
    add("one bit of the signature", flipped(signed, signature));
    add("a signature of zeros", format!("{signed}.{}", b64([0u8; 64])));
    let by_ec = ec.token(&claims);
    let (ec_signed, _) = by_ec.rsplit_once('.').unwrap();
    add("r = s = 0", format!("{ec_signed}.{}", b64([0u8; 64])));
    add("r = s = 0 in DER", format!("{ec_signed}.{}", b64([0x30, 6, 2, 1, 0, 2, 1, 0])));
    let by_rsa = rsa.token(&claims);
    add("an RSA signature of zeros", format!("{}.{}", by_rsa.rsplit_once('.').unwrap().0, b64([0u8; 256])));
    all
}

fn flipped(signed: &str, signature: &str) -> String {
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{signed}.{first}{}", &signature[1..])
}
