//! Keys and tokens as an identity provider, or a forger, would make them.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

enum Private {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// A key pair with its id.
pub(crate) struct Pair {
    pub(crate) kid: &'static str,
    private: Private,
}

impl Pair {
    pub(crate) fn rsa(kid: &'static str) -> Self {
        Self { kid, private: Private::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()) }
    }

    pub(crate) fn ec(kid: &'static str) -> Self {
        Self { kid, private: Private::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()) }
    }

    pub(crate) fn ed(kid: &'static str) -> Self {
        Self { kid, private: Private::Ed(Ed25519KeyPair::generate().unwrap()) }
    }

    pub(crate) fn alg(&self) -> &'static str {
        match &self.private {
            Private::Rsa(_) => "RS256",
            Private::Ec(_) => "ES256",
            Private::Ed(_) => "EdDSA",
        }
    }

    /// The public key as a member of a JWKS.
    pub(crate) fn jwk(&self) -> Value {
        let (kid, alg) = (self.kid, self.alg());
        match &self.private {
            Private::Rsa(pair) => {
                let n = b64(pair.public_key().modulus().big_endian_without_leading_zero());
                let e = b64(pair.public_key().exponent().big_endian_without_leading_zero());
                json!({ "kty": "RSA", "kid": kid, "alg": alg, "use": "sig", "n": n, "e": e })
            }
            Private::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "kid": kid, "alg": alg, "use": "sig", "x": b64(x), "y": b64(y) })
            }
            Private::Ed(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "alg": alg, "use": "sig", "x": b64(pair.public_key()) })
            }
        }
    }

    /// The public key as SubjectPublicKeyInfo.
    pub(crate) fn der(&self) -> Vec<u8> {
        let of = |key: &dyn AsDer<PublicKeyX509Der<'static>>| key.as_der().unwrap().as_ref().to_vec();
        match &self.private {
            Private::Rsa(pair) => of(pair.public_key()),
            Private::Ec(pair) => of(pair.public_key()),
            Private::Ed(pair) => of(pair.public_key()),
        }
    }

    pub(crate) fn pem(&self) -> String {
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(self.der()))
    }

    pub(crate) fn header(&self) -> Value {
        json!({ "alg": self.alg(), "kid": self.kid, "typ": "at+jwt" })
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.private {
            Private::Rsa(_) => self.rsa_signature(&RSA_PKCS1_SHA256, message),
            Private::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Private::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    fn rsa_signature(&self, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let Private::Rsa(pair) = &self.private else { panic!("not an RSA key") };
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }

    /// A token of its own header and these claims.
    pub(crate) fn token(&self, claims: &Value) -> String {
        self.sign(&self.header(), claims)
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// Signs any two texts, JSON or not.
    pub(crate) fn sign_text(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", b64(header), b64(claims));
        let signature = b64(self.signature(message.as_bytes()));
        format!("{message}.{signature}")
    }

    /// Signs with this RSA key and another of its algorithms.
    pub(crate) fn sign_as(&self, alg: &str, claims: &Value) -> String {
        let mut header = self.header();
        header["alg"] = alg.into();
        let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let encoding: &'static dyn RsaEncoding = if alg == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA512 };
        format!("{message}.{}", b64(self.rsa_signature(encoding, message.as_bytes())))
    }
}

/// A token that is signed with a shared secret.
pub(crate) fn hmac(alg: &str, kid: &str, secret: &[u8], claims: &Value) -> String {
    let message =
        format!("{}.{}", b64(json!({ "alg": alg, "kid": kid, "typ": "at+jwt" }).to_string()), b64(claims.to_string()));
    let algorithm = if alg == "HS512" { hmac::HMAC_SHA512 } else { hmac::HMAC_SHA256 };
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret), message.as_bytes());
    format!("{message}.{}", b64(tag))
}

/// A token that is signed by nothing, with this third part.
pub(crate) fn unsigned(header: &Value, claims: &Value, third: &str) -> String {
    format!("{}.{}.{third}", b64(header.to_string()), b64(claims.to_string()))
}
